-- order: a batch's files have been sized: put its waiting list in order and let it be admitted.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2…] indexes in order
-- Returns 1, or 0 when somebody was faster
local batch = ARGV[1]
if redis.call('SREM', K.sizing(), batch) == 0 then return 0 end
local left = {}
for _, index in ipairs(redis.call('LRANGE', K.waiting(batch), 0, -1)) do left[index] = true end
redis.call('DEL', K.waiting(batch))
for i = 2, #ARGV do
  if left[ARGV[i]] then redis.call('RPUSH', K.waiting(batch), ARGV[i]) end
end
list_batch(batch)
redis.call('PUBLISH', K.wakeChannel(), 'batch')
return 1
