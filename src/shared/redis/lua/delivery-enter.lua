-- delivery-enter: take a place at the delivery's endpoint and store the body, before its first byte leaves, if the run is
-- unchanged. The first body stands for good, so an attempt after a crash, or a redelivery, sends the very same bytes.
-- Places are counted for the whole fleet; one whose process died is free again after the time-out.
-- KEYS[1] hash tag
-- ARGV[1] delivery id, [2] expected run, [3] body, [4] endpoint id, [5] time-out of a request in ms
-- Returns {'passed'} | {'entered', the body that stands} | {'full', ms to wait before the next try}
local delivery, key, open = K.delivery(ARGV[1]), K.endpoint(ARGV[4]), K.endpointOpen(ARGV[4])
if redis.call('HGET', delivery, 'run') ~= ARGV[2] then return { 'passed' } end
local now, timeout = now_ms(), tonumber(ARGV[5])
-- A request may be open for the time-out, and its save takes a moment.
redis.call('ZREMRANGEBYSCORE', open, '-inf', now - timeout - 2000)
local e = redis.call('HMGET', key, 'marked_at', 'usual_ms', 'place_at')
-- One that failed for days is tried one at a time.
local most = e[1] and 1 or 4
if not redis.call('ZSCORE', open, ARGV[1]) and redis.call('ZCARD', open) >= most then
  -- Each who is sent away gets a place one service time behind the one before.
  local oldest = tonumber(redis.call('ZRANGE', open, 0, 0, 'WITHSCORES')[2])
  local service = math.min(timeout, math.max(tonumber(e[2] or 20), now - oldest))
  local place = math.min(math.max(num(e[3]), now) + service / most, now + 600000)
  redis.call('HSET', key, 'place_at', math.floor(place))
  redis.call('PEXPIRE', key, endpoint_kept_ms)
  return { 'full', math.max(50, math.ceil(place - now)) }
end
redis.call('ZADD', open, now, ARGV[1])
redis.call('PEXPIRE', open, timeout + 60000)
redis.call('HSETNX', delivery, 'body', ARGV[3])
return { 'entered', redis.call('HGET', delivery, 'body') }
