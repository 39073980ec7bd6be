-- advance: save a file if its rev is unchanged, and move with it everything that follows from it. The only writer.
-- KEYS[1] hash tag
-- ARGV[1] file id, [2] batch id, [3] index, [4] expected rev, [5] run, [6] progress (JSON), [7] effects (JSON), [8] draft or '',
--      [9] what the file's own log says of it, or '', [10] the job that goes on to the new run in place, [11] the mark of its execution; or ''
-- effects: from, to, in_flight, due|nil, joins|nil, awaits_upload, unpaid, paid, lane|nil, held, paid_delta, ended, visible, account, account_effect|nil,
--          ends_turns, guard|nil ('turn' | 'paused' | 'blocked'), blocked|nil {reason, help_url}, position|nil, file_event|nil, figures (names)
-- Returns {'stale'} | {'refused', why} | {'ok', rev, now, '1' when no file of the batch is left that may send a turn and this was the last,
--   where it goes on in place {batch fields, account fields} as begin.lua, else {}, ids of deliveries to send…}
local id, batch, index = ARGV[1], ARGV[2], ARGV[3]
local e = cjson.decode(ARGV[7])
local f = redis.call('HMGET', K.file(id), 'rev', 'g', 'l')
if f[1] ~= ARGV[4] then return { 'stale' } end
local now = now_ms()
local b = redis.call('HMGET', K.batch(batch), 'paused', 'round', 'canceled_round', 'blocked', 'max_credits', 'accepted', 'lanes', 'tenant')
-- It is being dropped: a load says so.
if b[6] ~= '1' then return { 'stale' } end

-- The fence of a turn, and the saves that hold or park: what they rest on must still be so (design §4 (1), §5).
if e.guard == 'turn' then
  local a = redis.call('HMGET', K.account(e.account), 'until', 'blocked')
  if b[2] == b[3] then return { 'refused', 'canceled' } end
  if b[1] == '1' then return { 'refused', 'paused' } end
  if a[2] then return { 'refused', 'blocked' } end
  if num(a[1]) > now then return { 'refused', 'limited' } end
elseif e.guard == 'paused' then
  if b[1] ~= '1' then return { 'refused', 'not paused' } end
elseif e.guard == 'blocked' then
  if not redis.call('HGET', K.account(e.account), 'blocked') and not b[4] then return { 'refused', 'not blocked' } end
end

local rev = tonumber(ARGV[4]) + 1
local saved = { 'rev', rev, 'run', ARGV[5], 'p', ARGV[6], 's', e.paid and '1' or '0' }
if ARGV[9] ~= '' then
  local log = (f[2] or '') .. now .. ' ' .. ARGV[9] .. '\n'
  -- A file that is polled for hours has a long story: the last 4 KB of it are kept.
  while #log > 4096 do log = string.sub(log, string.find(log, '\n', 1, true) + 1) end
  saved[#saved + 1] = 'g'
  saved[#saved + 1] = log
end
local goes_on = e.visible and ARGV[10] ~= ''
if goes_on then
  -- The lease that is held holds for the new run: whoever looks for its job, or is given the job again, is told so.
  for _, value in ipairs({ 'j', ARGV[10], 'w', ARGV[11] .. '@' .. now }) do saved[#saved + 1] = value end
end
redis.call('HSET', K.file(id), unpack(saved))
if e.visible and not goes_on then redis.call('HDEL', K.file(id), 'w', 'j') end
if ARGV[8] ~= '' then redis.call('SET', K.draft(id), ARGV[8]) end

for _, figure in ipairs(e.figures) do count(b[8], figure, 1, now) end
if e.from ~= e.to then
  redis.call('HINCRBY', K.batch(batch), 'n:' .. e.from, -1)
  redis.call('HINCRBY', K.batch(batch), 'n:' .. e.to, 1)
  redis.call('ZREM', K.status(batch, e.from), index)
  redis.call('ZADD', K.status(batch, e.to), index, index)
  if e.from == 'queued' then
    redis.call('HSETNX', K.batch(batch), 'started_at', now)
    redis.call('DECR', K.tenantWaiting(b[8]))
  end
  if e.from == 'completed' or e.from == 'failed' then reopen(batch) end
end

local freed = false
if e.in_flight then
  redis.call('SADD', K.inFlight(e.account), id)
elseif redis.call('SREM', K.inFlight(e.account), id) == 1 then
  freed = true
end
if e.due then redis.call('ZADD', K.moving(), e.due, id) else redis.call('ZREM', K.moving(), id) end
if e.awaits_upload then
  redis.call('SADD', K.awaitingUpload(), id)
elseif redis.call('SREM', K.awaitingUpload(), id) == 1 then
  freed = true
end
if e.held then redis.call('SADD', K.held(batch), index) else redis.call('SREM', K.held(batch), index) end
if e.joins == 'free' then
  redis.call('LPUSH', K.free(), id)
  freed = true
elseif e.joins == 'batch' then
  redis.call('LPUSH', K.waiting(batch), index)
  list_batch(batch)
  freed = true
elseif e.joins == 'batch-last' then
  redis.call('RPUSH', K.waiting(batch), index)
  list_batch(batch)
  freed = true
end
if e.lane then
  if e.lane.session == cjson.null then
    redis.call('HDEL', K.laneSessions(batch), e.lane.lane)
  elseif e.lane.session then
    redis.call('HSET', K.laneSessions(batch), e.lane.lane, cjson.encode(e.lane.session))
  end
  if e.lane.release then
    redis.call('HDEL', K.file(id), 'l')
    redis.call('RPUSH', K.lanes(batch), e.lane.lane)
    list_batch(batch)
    freed = true
  end
end
-- Claimed for a file that ended before it was admitted.
if e.ended and b[7] and not e.lane then
  local lane = f[3]
  if lane then
    redis.call('HDEL', K.file(id), 'l')
    redis.call('RPUSH', K.lanes(batch), lane)
    list_batch(batch)
    freed = true
  end
end
if b[5] then
  if e.unpaid then
    redis.call('SADD', K.unpaid(batch), index)
  elseif redis.call('SREM', K.unpaid(batch), index) == 1 then
    freed = true
  end
  -- Room may have come back, or nothing is left that could make any: claim looks, and says so.
  if freed then list_batch(batch) end
end
if e.paid_delta ~= 0 then redis.call('HINCRBY', K.batch(batch), 'paid_sessions', e.paid_delta) end
if e.account_effect then note_account(e.account, e.account_effect, now) end

local last = ''
if e.ends_turns then
  local left = redis.call('HMGET', K.batch(batch), 'n:queued', 'n:uploading', 'n:editing', 'n:checking', 'n:parked')
  last = '1'
  for _, count in ipairs(left) do if num(count) > 0 then last = '' end end
end
local out = { 'ok', rev, now, last, {} }
local function also(delivery) if delivery then out[#out + 1] = delivery end end

if e.to == 'parked' and e.from ~= 'parked' then
  redis.call('SADD', K.parked(), batch)
  if not b[4] then
    redis.call('HSET', K.batch(batch), 'blocked', cjson.encode(e.blocked))
    local episode = redis.call('HINCRBY', K.batch(batch), 'episode', 1)
    also(emit(batch, 'batch.blocked', '_' .. episode, { status = 'blocked', counts = counts_of(batch) }, now))
    tell(batch)
  end
elseif e.from == 'parked' and e.to ~= 'parked' and num(redis.call('HGET', K.batch(batch), 'n:parked')) == 0 then
  redis.call('SREM', K.parked(), batch)
  redis.call('HDEL', K.batch(batch), 'blocked')
  tell(batch)
end

if e.visible then tell(batch, index, b[8]) end
if e.file_event then
  also(emit(batch, e.file_event, '_' .. index, { status = e.to, counts = counts_of(batch), file_id = id }, now))
end
if e.ended then
  redis.call('DEL', K.live(id))
  -- A cancel ends files without any work on them.
  if e.to ~= 'canceled' then mark_pace(now, 1) end
  also(close_round(batch, now))
end
if freed then redis.call('PUBLISH', K.wakeChannel(), 'slot') end
if goes_on then out[5] = { around(batch, e.account) } end
return out
