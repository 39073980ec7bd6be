-- claim: admit files while the account's window has room, fairly: what costs nothing first, then round-robin over
-- tenants by weight, then over a tenant's batches.
-- KEYS[1] hash tag
-- ARGV[1] account, [2] most files to claim, [3] MAX_IN_FLIGHT, [4] UPLOAD_CONCURRENCY, [5] weights (JSON object, tenant → weight)
-- Returns {now, ids of files, and of deliveries to send, in any order…}. A claimed file is in the in-flight set and due at once, so the sweeper finds it if we die.
local account, most, max_window, max_awaiting = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local weights = cjson.decode(ARGV[5])
local now = now_ms()
local out = { now }
local a = redis.call('HMGET', K.account(account), 'window', 'until', 'blocked', 'down_since')
if num(a[2]) > now or a[4] then return out end
local window = math.max(1, math.floor(math.min(tonumber(a[1] or max_window), max_window)))
local room = math.min(most, window - redis.call('SCARD', K.inFlight(account)))

-- Nothing else of the batch is in flight, so nothing will make room by itself: the caller has to hear of it.
local function block_for_max_credits(batch)
  local c = counts_of(batch)
  if c.uploading + c.editing + c.checking + c.rendering + c.parked > 0 then return end
  if redis.call('SCARD', K.unpaid(batch)) > 0 then return end
  if redis.call('HGET', K.batch(batch), 'blocked') then return end
  redis.call('HSET', K.batch(batch), 'blocked', cjson.encode({ reason = 'max_credits', help_url = cjson.null }))
  local episode = redis.call('HINCRBY', K.batch(batch), 'episode', 1)
  local told = emit(batch, 'batch.blocked', '_' .. episode, { status = 'blocked', counts = c }, now)
  if told then out[#out + 1] = told end
  tell(batch)
end

local function take(id)
  if redis.call('SCARD', K.inFlight(account)) == 0 then begin_pace(now) end
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

-- The batch's next file that may start now; nil where it has none, or its lanes or its max_credits hold it back. What
-- held it back lists the batch again when it changes.
local function next_of(batch)
  local index = redis.call('LINDEX', K.waiting(batch), 0)
  if not index then return nil end
  local b = redis.call('HMGET', K.batch(batch), 'lanes', 'max_credits', 'paid_sessions', 'blocked')
  local id = file_id(batch, index)
  local lane = nil
  if b[1] and not redis.call('HGET', K.file(id), 'l') then
    lane = redis.call('LINDEX', K.lanes(batch), 0)
    if not lane then return nil end
  end
  if b[2] then
    -- Only a file that needs a new session is held back (design §6), not one that rejoins with what it has paid for.
    local paid = (lane and redis.call('HGET', K.laneSessions(batch), lane)) or redis.call('HGET', K.file(id), 's') == '1'
    local needed = 50 * num(b[3]) + 50 * (redis.call('SCARD', K.unpaid(batch)) + 1)
    if not paid and needed > tonumber(b[2]) then
      block_for_max_credits(batch)
      return nil
    end
    if not paid then redis.call('SADD', K.unpaid(batch), index) end
    if b[4] and string.find(b[4], 'max_credits', 1, true) then
      redis.call('HDEL', K.batch(batch), 'blocked')
      tell(batch)
    end
  end
  if lane then
    redis.call('LPOP', K.lanes(batch))
    redis.call('HSET', K.file(id), 'l', lane)
  end
  redis.call('LPOP', K.waiting(batch))
  return index
end

local awaiting = redis.call('SCARD', K.awaitingUpload())
while room > 0 and awaiting < max_awaiting do
  local tenant = redis.call('ZRANGE', K.ring(), 0, 0)[1]
  if not tenant then break end
  local batch = redis.call('ZRANGE', K.tenantRing(tenant), 0, 0)[1]
  if not batch then
    redis.call('ZREM', K.ring(), tenant)
  else
    local index = next_of(batch)
    if not index then
      redis.call('ZREM', K.tenantRing(tenant), batch)
    else
      redis.call('ZINCRBY', K.ring(), 1 / (weights[tenant] or 1), tenant)
      redis.call('ZINCRBY', K.tenantRing(tenant), 1, batch)
      redis.call('HINCRBY', K.batch(batch), 'popped', 1)
      if redis.call('HGET', K.account(account), 'last_batch') ~= batch then
        redis.call('HSET', K.account(account), 'last_batch', batch)
        redis.call('HINCRBY', K.account(account), 'switches', 1)
      end
      local id = file_id(batch, index)
      redis.call('SADD', K.awaitingUpload(), id)
      awaiting = awaiting + 1
      take(id)
    end
  end
end
return out
