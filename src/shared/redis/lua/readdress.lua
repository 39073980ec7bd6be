-- readdress: replace what a caller said of a file (its destination), if its rev is unchanged. Nothing that runs has read the
-- old one: only files that have ended are readdressed.
-- KEYS[1] hash tag
-- ARGV[1] file id, [2] expected rev, [3] input (JSON)
-- Returns 1, or 0 when the file has moved on or is gone.
if redis.call('HGET', K.file(ARGV[1]), 'rev') ~= ARGV[2] then return 0 end
redis.call('HINCRBY', K.file(ARGV[1]), 'rev', 1)
redis.call('HSET', K.file(ARGV[1]), 'i', ARGV[3])
return 1
