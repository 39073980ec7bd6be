-- delivery-freeze: store the body of a delivery before its first byte leaves, if the delivery's run is unchanged. The
-- first body stands for good, so an attempt after a crash, or a redelivery, sends the very same bytes.
-- KEYS[1] hash tag
-- ARGV[1] delivery id, [2] expected run, [3] body
-- Returns the body that stands, or false when the run has passed.
local key = K.delivery(ARGV[1])
if redis.call('HGET', key, 'run') ~= ARGV[2] then return false end
redis.call('HSETNX', key, 'body', ARGV[3])
return redis.call('HGET', key, 'body')
