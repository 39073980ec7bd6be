-- intake-open: begin a batch as `loading`, and let its Idempotency-Key point to it, in one step.
-- KEYS[1] hash tag
-- ARGV[1] tenant, [2] hash of the Idempotency-Key ('' : none), [3] hash of the body, [4] batch id, [5] lease in ms,
--      [6] batch fields (JSON array of name, value, …)
-- Returns {'opened', now} | {'loading'} | {'mismatch'} | {'answered', answer}
local now = now_ms()
if ARGV[2] ~= '' then
  local key = K.idempotency(ARGV[1], ARGV[2])
  local k = redis.call('HMGET', key, 'body', 'answer')
  if k[1] then
    if k[1] ~= ARGV[3] then return { 'mismatch' } end
    if not k[2] then return { 'loading' } end
    return { 'answered', k[2] }
  end
  redis.call('HSET', key, 'body', ARGV[3], 'batch', ARGV[4])
end
redis.call('HSET', K.batch(ARGV[4]), 'created_at', now, 'idempotency', ARGV[2], unpack(cjson.decode(ARGV[6])))
redis.call('ZADD', K.loading(), now + tonumber(ARGV[5]), ARGV[4])
return { 'opened', now }
