-- begin: load a file with what surrounds it, and mark that a worker runs it.
-- KEYS[1] hash tag
-- ARGV[1] file id, [2] batch id, [3] account, [4] run ('' : only load), [5] mark of this execution ('' : only load),
--      [6] the newest record version that the caller knows, [7] ms since the caller last saw Redis away ('' : never),
--      [8] the job that is the lease ('' : only load): where it has gone on in place, it is for the present run, whichever that is
-- Returns {'missing'} | {'passed'} | {'newer', version} (nothing was marked) |
--   {'ok', now, rev, progress, input, crashed ('1' when another execution of this run died), batch fields…, account fields…,
--   lane claimed for it or '', that lane's session (JSON) or '', the job that has gone on to this run in place or ''}
local f = redis.call('HMGET', K.file(ARGV[1]), 'rev', 'run', 'p', 'i', 'w', 'l', 'j')
if not f[1] then return { 'missing' } end
if ARGV[4] ~= '' and f[2] ~= ARGV[4] and f[7] ~= ARGV[8] then return { 'passed' } end
-- It is being dropped.
if redis.call('HGET', K.batch(ARGV[2]), 'accepted') ~= '1' then return { 'missing' } end
-- Before the mark: left on a record that a newer release runs, it would look like a crash there.
local version = tonumber(string.match(f[3], '^{"v":(%d+)') or cjson.decode(f[3]).v or 0)
if version > tonumber(ARGV[6]) then return { 'newer', version } end
local crashed, now = '0', now_ms()
if ARGV[5] ~= '' then
  -- The mark is cleared by every save of an outcome and by a hand-over; one that is still there died with its worker.
  -- Unless Redis was away since it was set: then its lease may have run out while the worker lives (design §4).
  local mark, at = split_mark(f[5])
  local excused = ARGV[7] ~= '' and at <= now - tonumber(ARGV[7])
  if mark and mark ~= ARGV[5] and not excused then crashed = '1' end
  redis.call('HSET', K.file(ARGV[1]), 'w', ARGV[5] .. '@' .. now)
end
local b, a = around(ARGV[2], ARGV[3])
local lane_session = f[6] and redis.call('HGET', K.laneSessions(ARGV[2]), f[6])
return { 'ok', now, f[1], f[3], f[4], crashed, b, a, f[6] or '', lane_session or '', f[7] or '' }
