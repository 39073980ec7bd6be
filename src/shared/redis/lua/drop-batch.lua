-- drop-batch: delete a batch that drop-begin has taken out of sight, in pieces, so that no call blocks Redis for long: one that was never accepted, or one
-- whose retention is over.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] first index of this piece, [3] files in this piece, [4] '1' for the last piece
-- Returns 1
local batch, first = ARGV[1], tonumber(ARGV[2])
local owner = redis.call('HGET', K.batch(batch), 'tenant')
for index = first, first + tonumber(ARGV[3]) - 1 do
  local id = file_id(batch, index)
  local input = redis.call('HGET', K.file(id), 'i')
  local custom = input and custom_id(input)
  if custom and owner then redis.call('ZREM', K.customIds(owner), custom .. ' ' .. id) end
  redis.call('UNLINK', K.file(id), K.draft(id), K.live(id))
end
if ARGV[4] ~= '1' then return 1 end
local b = redis.call('HMGET', K.batch(batch), 'tenant', 'idempotency')
unlist_batch(batch)
for _, id in ipairs(redis.call('ZRANGE', K.batchDeliveries(batch), 0, -1)) do
  redis.call('UNLINK', K.delivery(id))
  redis.call('ZREM', K.deliveriesDue(), id)
  redis.call('ZREM', K.tenantDeliveries(b[1]), id)
  redis.call('ZREM', K.allDeliveries(), id)
end
for _, status in ipairs(statuses) do redis.call('UNLINK', K.status(batch, status)) end
redis.call('UNLINK', K.waiting(batch), K.held(batch), K.lanes(batch), K.laneSessions(batch), K.unpaid(batch), K.events(batch), K.batchDeliveries(batch),
  K.retryList(batch))
if b[1] then
  redis.call('ZREM', K.tenantBatches(b[1]), batch)
  if b[2] and b[2] ~= '' then redis.call('UNLINK', K.idempotency(b[1], b[2])) end
end
redis.call('ZREM', K.allBatches(), batch)
redis.call('ZREM', K.loading(), batch)
redis.call('ZREM', K.retention(), batch)
redis.call('ZREM', K.openRounds(), batch)
redis.call('SREM', K.parked(), batch)
redis.call('SREM', K.sizing(), batch)
redis.call('UNLINK', K.batch(batch))
return 1
