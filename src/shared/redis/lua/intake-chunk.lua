-- intake-chunk: add files to a batch that is being taken in. Fails when its lease is gone (the sweeper dropped it).
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] index of the first file, [3] lease in ms, [4] progress of a new file (JSON, the same for all),
--      [5…] input of each file (JSON)
-- Returns 1, or 0 when the batch is not loading any more.
local batch, first = ARGV[1], tonumber(ARGV[2])
if not redis.call('ZSCORE', K.loading(), batch) then return 0 end
redis.call('ZADD', K.loading(), now_ms() + tonumber(ARGV[3]), batch)
local tenant = redis.call('HGET', K.batch(batch), 'tenant')
local indexes, scored = {}, {}
for i = 5, #ARGV do
  local index = first + i - 5
  redis.call('HSET', K.file(file_id(batch, index)), 'rev', 0, 'run', 0, 'p', ARGV[4], 'i', ARGV[i])
  local custom = custom_id(ARGV[i])
  if custom then redis.call('ZADD', K.customIds(tenant), 0, custom .. ' ' .. file_id(batch, index)) end
  indexes[i - 4] = index
  scored[2 * (i - 4) - 1], scored[2 * (i - 4)] = index, index
end
redis.call('RPUSH', K.waiting(batch), unpack(indexes))
redis.call('ZADD', K.status(batch, 'queued'), unpack(scored))
return 1
