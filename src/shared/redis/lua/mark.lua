-- mark: what a caller wants of a whole batch, as a mark that is worked off file by file afterwards.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] action (cancel | pause | resume | retry | expire), [3] retry: file indexes (JSON) or ''; resume: max_credits or ''
-- A mark counts how often it was asked for: whoever works it off removes it only if nobody asked again meanwhile.
-- Returns {'missing'} | {'conflict', why} | {'ok', '1' when there is something to work off}
local batch, action = ARGV[1], ARGV[2]
local key = K.batch(batch)
local b = redis.call('HMGET', key, 'accepted', 'closed', 'round', 'canceled_round', 'paused', 'n:failed')
if b[1] ~= '1' then return { 'missing' } end
local closed, canceled = b[2] == '1', b[3] == b[4]

local standing = redis.call('SISMEMBER', K.marks(), action .. ' ' .. batch) == 1

local function add_mark()
  redis.call('HINCRBY', key, 'asked:' .. action, 1)
  if redis.call('SADD', K.marks(), action .. ' ' .. batch) == 1 then redis.call('HINCRBY', key, 'marks', 1) end
  tell(batch)
  redis.call('PUBLISH', K.wakeChannel(), 'mark')
  return { 'ok', '1' }
end

if action == 'cancel' then
  if closed then return canceled and { 'ok', '0' } or { 'conflict', 'ended' } end
  if canceled then return { 'ok', '0' } end
  redis.call('HSET', key, 'canceled_round', b[3], 'paused', '0')
  redis.call('HDEL', key, 'blocked')
  unlist_batch(batch)
  redis.call('DEL', K.waiting(batch))
  redis.call('PUBLISH', K.cancelChannel(), batch)
  return add_mark()
end
if action == 'expire' then
  local ends = redis.call('ZSCORE', K.openRounds(), batch)
  if closed or canceled or standing or not ends or tonumber(ends) > now_ms() then return { 'ok', '0' } end
  unlist_batch(batch)
  redis.call('DEL', K.waiting(batch))
  redis.call('PUBLISH', K.cancelChannel(), batch)
  return add_mark()
end
if canceled then return { 'conflict', 'canceled' } end
if action == 'pause' then
  if closed then return { 'conflict', 'ended' } end
  if b[5] ~= '1' then
    redis.call('HSET', key, 'paused', '1')
    unlist_batch(batch)
    tell(batch)
  end
  return { 'ok', '0' }
end
if action == 'resume' then
  if closed then return { 'conflict', 'ended' } end
  if ARGV[3] ~= '' then
    redis.call('HSET', key, 'max_credits', ARGV[3])
    local blocked = redis.call('HGET', key, 'blocked')
    if blocked and string.find(blocked, 'max_credits', 1, true) then redis.call('HDEL', key, 'blocked') end
  end
  redis.call('HSET', key, 'paused', '0')
  list_batch(batch)
  return add_mark()
end
if num(b[6]) == 0 then return { 'ok', '0' } end
reopen(batch)
-- What an earlier retry named and nobody has worked off yet stays named; no list: all failed files.
local named = redis.call('GET', K.retryList(batch))
if ARGV[3] == '' or (standing and not named) then
  redis.call('DEL', K.retryList(batch))
elseif standing then
  local list = cjson.decode(named)
  for _, index in ipairs(cjson.decode(ARGV[3])) do list[#list + 1] = index end
  redis.call('SET', K.retryList(batch), cjson.encode(list))
else
  redis.call('SET', K.retryList(batch), ARGV[3])
end
return add_mark()
