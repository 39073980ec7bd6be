-- upload-keep: note that a batch refers to uploads, so that they live as long as it does; all of them or none.
-- KEYS[1] hash tag
-- ARGV[1] batch id, [2] tenant, [3…] upload ids
-- Returns {ids that are gone or another tenant's…}; empty: noted
local gone = {}
for i = 3, #ARGV do
  if redis.call('HGET', K.upload(ARGV[i]), 'tenant') ~= ARGV[2] then gone[#gone + 1] = ARGV[i] end
end
if #gone > 0 then return gone end
for i = 3, #ARGV do redis.call('HSET', K.upload(ARGV[i]), 'b:' .. ARGV[1], '1') end
return gone
