-- delivery-save: store what came of a run of a webhook delivery (an attempt, or none as the receiver is busy), if the
-- delivery's run is unchanged, and what the attempt tells of its endpoint in any case.
-- KEYS[1] hash tag
-- ARGV[1] delivery id, [2] expected run, [3] status (pending | delivered | failed), [4] due in ms from now ('' : none),
--      [5] attempts (JSON), [6] attempts made of the present schedule, [7] why no more are made, or '',
--      [8] endpoint id, [9] how the attempt ended (ok | failed | '' : there was none), [10] its duration in ms
-- Returns {'saved' | 'passed', 'marked' | 'revived' | '' : what became of the endpoint}
local now = now_ms()
local turned = ''
if ARGV[9] ~= '' then turned = note_endpoint(ARGV[8], ARGV[1], ARGV[9] == 'ok', tonumber(ARGV[10]), now) end
local key = K.delivery(ARGV[1])
if redis.call('HGET', key, 'run') ~= ARGV[2] then return { 'passed', turned } end
redis.call('HINCRBY', key, 'run', 1)
if ARGV[3] ~= 'pending' then
  count(redis.call('HGET', key, 'tenant'), ARGV[3] == 'delivered' and 'hooks' or 'hook_failures', 1, now_ms())
end
redis.call('HSET', key, 'status', ARGV[3], 'attempts', ARGV[5], 'tries', ARGV[6], 'error', ARGV[7])
if ARGV[4] == '' then
  redis.call('ZREM', K.deliveriesDue(), ARGV[1])
  redis.call('HDEL', key, 'due')
else
  local due = now + tonumber(ARGV[4])
  redis.call('HSET', key, 'due', due)
  redis.call('ZADD', K.deliveriesDue(), due, ARGV[1])
end
return { 'saved', turned }
