-- unmark: a bulk action has been worked off; the round may end now.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] action, [3] how often it had been asked for when the work began (absent: remove it whatever was asked)
-- Returns {'again'} | {'done'} | {'done', id of a delivery to send}
local batch, action = ARGV[1], ARGV[2]
-- Asked for once more since: files that were looked at already may have changed in between.
if ARGV[3] and (redis.call('HGET', K.batch(batch), 'asked:' .. action) or '') ~= ARGV[3] then return { 'again' } end
if redis.call('SREM', K.marks(), action .. ' ' .. batch) == 1 then redis.call('HINCRBY', K.batch(batch), 'marks', -1) end
if action == 'retry' then redis.call('DEL', K.retryList(batch)) end
local delivery = close_round(batch, now_ms())
return delivery and { 'done', delivery } or { 'done' }
