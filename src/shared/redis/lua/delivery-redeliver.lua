-- delivery-redeliver: send a delivery again from the start of its schedule, under its id and with its frozen body. An
-- earlier 410 of the receiver is forgotten: who asks for this says that it is back.
-- KEYS[1] hash tag
-- ARGV[1] delivery id
-- Returns the run to enqueue, or false when there is no such delivery.
local key = K.delivery(ARGV[1])
local batch = redis.call('HGET', key, 'batch')
if not batch then return false end
local now = now_ms()
redis.call('HSET', key, 'status', 'pending', 'tries', 0, 'due', now, 'error', '')
redis.call('ZADD', K.deliveriesDue(), now, ARGV[1])
redis.call('HDEL', K.batch(batch), 'gone')
return redis.call('HINCRBY', key, 'run', 1)
