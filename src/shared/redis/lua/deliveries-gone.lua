-- deliveries-gone: a receiver said 410: its batch's deliveries end, in pieces, and no event of it makes a new one.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] first of this piece, [3] last of this piece (both counted from 0, oldest first)
-- Returns how many deliveries there were in this piece.
if redis.call('EXISTS', K.batch(ARGV[1])) == 0 then return 0 end
redis.call('HSET', K.batch(ARGV[1]), 'gone', '1')
local ids = redis.call('ZRANGE', K.batchDeliveries(ARGV[1]), ARGV[2], ARGV[3])
for _, id in ipairs(ids) do
  local key = K.delivery(id)
  if redis.call('HGET', key, 'status') == 'pending' then
    redis.call('HINCRBY', key, 'run', 1)
    redis.call('HSET', key, 'status', 'failed', 'error', 'gone')
    redis.call('HDEL', key, 'due')
    redis.call('ZREM', K.deliveriesDue(), id)
  end
end
return #ids
