-- intake-open: begin a batch as `loading`, and let its Idempotency-Key point to it, in one step.
-- KEYS[1] hash tag
-- ARGV[1] tenant, [2] hash of the Idempotency-Key ('' : none), [3] hash of the body, [4] batch id, [5] lease in ms,
--      [6] batch fields (JSON array of name, value, …), [7] files of the batch, [8] files of a tenant that may wait
-- Returns {'opened', now} | {'loading'} | {'mismatch'} | {'answered', answer} | {'full', files of the tenant that wait}
local now = now_ms()
if ARGV[2] ~= '' then
  local key = K.idempotency(ARGV[1], ARGV[2])
  local k = redis.call('HMGET', key, 'body', 'answer')
  if k[1] then
    if k[1] ~= ARGV[3] then return { 'mismatch' } end
    if not k[2] then return { 'loading' } end
    return { 'answered', k[2] }
  end
end
-- Before the key is taken: what is refused does not use it up.
local waiting = num(redis.call('GET', K.tenantWaiting(ARGV[1])))
if waiting + tonumber(ARGV[7]) > tonumber(ARGV[8]) then return { 'full', waiting } end
redis.call('INCRBY', K.tenantWaiting(ARGV[1]), ARGV[7])
if ARGV[2] ~= '' then redis.call('HSET', K.idempotency(ARGV[1], ARGV[2]), 'body', ARGV[3], 'batch', ARGV[4]) end
redis.call('HSET', K.batch(ARGV[4]), 'created_at', now, 'idempotency', ARGV[2], unpack(cjson.decode(ARGV[6])))
redis.call('ZADD', K.loading(), now + tonumber(ARGV[5]), ARGV[4])
return { 'opened', now }
