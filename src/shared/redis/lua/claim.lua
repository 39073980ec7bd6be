-- claim: admit files while the account's window has room, fairly: what costs nothing first, then round-robin over
-- tenants by weight, then over a tenant's batches.
-- KEYS[1] hash tag
-- ARGV[1] account, [2] most files to claim, [3] MAX_IN_FLIGHT, [4] UPLOAD_CONCURRENCY, [5] weights (JSON object, tenant → weight)
-- Returns {now, file ids…}. A claimed file is in the in-flight set and due at once, so the sweeper finds it if we die.
local account, most, max_window, max_awaiting = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local weights = cjson.decode(ARGV[5])
local now = now_ms()
local out = { now }
local a = redis.call('HMGET', K.account(account), 'window', 'until', 'blocked', 'down_since')
if num(a[2]) > now or a[4] then return out end
local window = math.max(1, math.floor(math.min(tonumber(a[1] or max_window), max_window)))
local room = math.min(most, window - redis.call('SCARD', K.inFlight(account)))

local function take(id)
  redis.call('SADD', K.inFlight(account), id)
  redis.call('ZADD', K.moving(), now, id)
  out[#out + 1] = id
  room = room - 1
end

while room > 0 do
  local id = redis.call('LPOP', K.free())
  if not id then break end
  take(id)
end
if a[3] then return out end

local awaiting = redis.call('SCARD', K.awaitingUpload())
while room > 0 and awaiting < max_awaiting do
  local tenant = redis.call('ZRANGE', K.ring(), 0, 0)[1]
  if not tenant then break end
  local batch = redis.call('ZRANGE', K.tenantRing(tenant), 0, 0)[1]
  if not batch then
    redis.call('ZREM', K.ring(), tenant)
  else
    local index = redis.call('LPOP', K.waiting(batch))
    if not index then
      redis.call('ZREM', K.tenantRing(tenant), batch)
    else
      redis.call('ZINCRBY', K.ring(), 1 / (weights[tenant] or 1), tenant)
      redis.call('ZINCRBY', K.tenantRing(tenant), 1, batch)
      redis.call('HINCRBY', K.batch(batch), 'popped', 1)
      local id = file_id(batch, index)
      redis.call('SADD', K.awaitingUpload(), id)
      awaiting = awaiting + 1
      take(id)
    end
  end
end
return out
