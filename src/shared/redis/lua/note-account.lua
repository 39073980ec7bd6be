-- note-account: a call outside any file's run (balance, token, probe) told something about the account.
-- KEYS[1] hash tag
-- ARGV[1] account, [2] effect (JSON: ok, limited_ms, blocked, help_url, down, max_window), [3] '1' to lift the block
-- Returns now
local now = now_ms()
if ARGV[3] == '1' then
  redis.call('HDEL', K.account(ARGV[1]), 'blocked', 'blocked_at', 'help_url')
  redis.call('PUBLISH', K.accountChannel(), ARGV[1])
end
note_account(ARGV[1], cjson.decode(ARGV[2]), now)
return now
