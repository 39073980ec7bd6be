-- intake-accept: the whole batch is in; from here on it is kept (design §2.1).
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] tenant, [3] the first answer (JSON; given again for the same Idempotency-Key)
-- Returns 1, or 0 when the batch is not loading any more.
local batch, tenant = ARGV[1], ARGV[2]
if redis.call('ZREM', K.loading(), batch) == 0 then return 0 end
local b = redis.call('HMGET', K.batch(batch), 'created_at', 'idempotency', 'lanes', 'sizing')
redis.call('HSET', K.batch(batch), 'accepted', '1')
open_round(batch)
redis.call('ZADD', K.tenantBatches(tenant), b[1], batch)
redis.call('ZADD', K.allBatches(), b[1], batch)
if b[2] and b[2] ~= '' then redis.call('HSET', K.idempotency(tenant, b[2]), 'answer', ARGV[3]) end
for lane = 0, num(b[3]) - 1 do redis.call('RPUSH', K.lanes(batch), lane) end
-- A batch whose order is not known yet is listed once it is (order.lua).
if b[4] == '1' then redis.call('SADD', K.sizing(), batch) else list_batch(batch) end
tell(batch)
redis.call('PUBLISH', K.wakeChannel(), 'batch')
return 1
