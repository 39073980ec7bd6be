-- token-commit: store a renewed token, if the lock of the renewal is still ours.
-- KEYS[1] hash tag
-- ARGV[1] account, [2] lock's value, [3] token, [4] user id or '', [5] expiry (epoch ms) or '', [6] kind (configured | anonymous)
-- Returns the new version, or 0 when the lock was lost
if redis.call('GET', K.tokenLock(ARGV[1])) ~= ARGV[2] then return 0 end
redis.call('HSET', K.token(ARGV[1]), 'value', ARGV[3], 'user_id', ARGV[4], 'expires_at', ARGV[5], 'kind', ARGV[6])
local version = redis.call('HINCRBY', K.token(ARGV[1]), 'version', 1)
redis.call('DEL', K.tokenLock(ARGV[1]))
redis.call('PUBLISH', K.accountChannel(), ARGV[1])
return version
