-- drop-begin: take a batch out of everybody's sight before it is deleted in pieces: nothing of it may be loaded, saved,
-- marked or added to from here on, and a deletion that is cut short is found again by the sweeper.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] '1': only if its lease or its retention is over by now
-- Returns 1, or 0 when it must stay
local batch = ARGV[1]
local key = K.batch(batch)
if ARGV[2] == '1' then
  local ends = redis.call('ZSCORE', K.loading(), batch) or redis.call('ZSCORE', K.retention(), batch)
  if not ends or tonumber(ends) > now_ms() then return 0 end
end
redis.call('ZADD', K.retention(), 0, batch)
redis.call('ZREM', K.loading(), batch)
redis.call('ZREM', K.openRounds(), batch)
redis.call('ZREM', K.allBatches(), batch)
local tenant = redis.call('HGET', key, 'tenant')
if not tenant then return 1 end
redis.call('HSET', key, 'accepted', '0')
redis.call('ZREM', K.tenantBatches(tenant), batch)
unlist_batch(batch)
return 1
