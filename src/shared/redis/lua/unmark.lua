-- unmark: a bulk action has been worked off; the round may end now.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] action
-- Returns {} or {id of a delivery to send}
local batch, action = ARGV[1], ARGV[2]
if redis.call('SREM', K.marks(), action .. ' ' .. batch) == 1 then redis.call('HINCRBY', K.batch(batch), 'marks', -1) end
if action == 'retry' then redis.call('DEL', K.retryList(batch)) end
local delivery = close_round(batch, now_ms())
return delivery and { delivery } or {}
