-- release: an execution hands its run over (shutdown, BullMQ repeats the call): its end will be no crash.
-- KEYS[1] hash tag
-- ARGV[1] file id, [2] mark of this execution
-- Returns 1 when the mark was ours
if split_mark(redis.call('HGET', K.file(ARGV[1]), 'w')) ~= ARGV[2] then return 0 end
redis.call('HDEL', K.file(ARGV[1]), 'w')
return 1
