-- upload-expire: delete the record of an upload that is due, unless a batch that refers to it is still there.
-- KEYS[1] hash tag
-- ARGV[1] upload id, [2] ms until it is looked at again when it is still used
-- Returns its file name when it is gone (the file may go), '' when it is still used, not due or unknown
local key, now = K.upload(ARGV[1]), now_ms()
local due = redis.call('ZSCORE', K.uploadExpiry(), ARGV[1])
if due and tonumber(due) > now then return '' end
local path = ''
local fields = redis.call('HGETALL', key)
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 2) == 'b:' then
    if redis.call('EXISTS', K.batch(string.sub(fields[i], 3))) == 1 then
      redis.call('ZADD', K.uploadExpiry(), now + tonumber(ARGV[2]), ARGV[1])
      return ''
    end
  elseif fields[i] == 'path' then
    path = fields[i + 1]
  end
end
redis.call('UNLINK', key)
redis.call('ZREM', K.uploadExpiry(), ARGV[1])
return path
