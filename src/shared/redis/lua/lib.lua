-- Shared by every script; put in front of each, after the key table K. Functions only: it runs nothing.

-- Redis' clock in ms: the one clock that due times are kept in.
local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function num(value) return tonumber(value or '0') or 0 end

-- Figures of the minute, of all and of a tenant: kept a little longer than the day that the dashboard shows.
local function count(tenant, figure, by, now)
  local key = K.minute(math.floor(now / 60000))
  redis.call('HINCRBY', key, figure, by)
  if tenant then redis.call('HINCRBY', key, tenant .. ':' .. figure, by) end
  redis.call('EXPIRE', key, 90000)
end

-- The mark of the execution that runs a file, and when it was set: '<mark>@<ms>'. No mark: nil, 0.
local function split_mark(text)
  if not text or text == '' then return nil, 0 end
  local mark, at = string.match(text, '^(.*)@(%d+)$')
  return mark or text, num(at)
end

-- As fileId() in ids.ts: the batch's own part and the index in base 36.
local digits36 = '0123456789abcdefghijklmnopqrstuvwxyz'
local function file_id(batch, index)
  local rest, text = tonumber(index), ''
  repeat
    local digit = rest % 36
    text = string.sub(digits36, digit + 1, digit + 1) .. text
    rest = math.floor(rest / 36)
  until rest == 0
  return 'fil_' .. string.sub(batch, 5) .. '_' .. text
end

-- The custom id of a file's input, as it is searched for. Most files have none: only what looks like one is parsed.
local function custom_id(input)
  if not string.find(input, '"customId":"', 1, true) then return nil end
  local id = cjson.decode(input).customId
  if id == cjson.null then return nil end
  return string.lower(id)
end

-- What a run has to know beside its file (load-file.ts): fields of the batch and of the account.
local function around(batch, account)
  local b = redis.call('HMGET', K.batch(batch), 'paused', 'round', 'canceled_round', 'blocked', 'popped', 'closed', 'max_credits', 'paid_sessions',
    'balance_before')
  b[10] = b[7] and redis.call('SCARD', K.unpaid(batch)) or 0
  return b, redis.call('HMGET', K.account(account), 'until', 'blocked', 'ok_at', 'down_since', 'window')
end

-- Tells live readers what changed: of a batch, of a tenant, of all. `index`: the file, or nil for the batch alone. A change
-- of a file changes its batch, too: one entry says both (read-events.ts). An expiry is only written anew when an hour of it is gone.
local events_kept, events_kept_ms = 20000, 7 * 86400000
local function tell(batch, index, known_tenant)
  local tenant = known_tenant or redis.call('HGET', K.batch(batch), 'tenant') or ''
  if index then
    redis.call('XADD', K.events(batch), 'MAXLEN', '~', events_kept, '*', 'f', index)
  else
    redis.call('XADD', K.events(batch), 'MAXLEN', '~', events_kept, '*', 'b', batch)
  end
  for _, key in ipairs({ K.tenantEvents(tenant), K.allEvents() }) do
    if index then
      redis.call('XADD', key, 'MAXLEN', '~', events_kept, '*', 'b', batch, 'f', index)
    else
      redis.call('XADD', key, 'MAXLEN', '~', events_kept, '*', 'b', batch)
    end
    if redis.call('PTTL', key) < events_kept_ms - 3600000 then redis.call('PEXPIRE', key, events_kept_ms) end
  end
  redis.call('PUBLISH', K.eventsChannel(), tenant .. ' ' .. batch)
end

-- The fair queue (start-time fair: lowest virtual time first). A newcomer starts at the present lowest time, so it is
-- served next and cannot claim the past.
local function join_ring(ring, member)
  if redis.call('ZSCORE', ring, member) then return end
  local first = redis.call('ZRANGE', ring, 0, 0, 'WITHSCORES')
  redis.call('ZADD', ring, first[2] or 0, member)
end

local function list_batch(batch)
  local b = redis.call('HMGET', K.batch(batch), 'tenant', 'paused', 'canceled_round', 'round')
  if not b[1] or b[2] == '1' or b[3] == b[4] then return end
  join_ring(K.tenantRing(b[1]), batch)
  join_ring(K.ring(), b[1])
end

local function unlist_batch(batch)
  local tenant = redis.call('HGET', K.batch(batch), 'tenant')
  if tenant then redis.call('ZREM', K.tenantRing(tenant), batch) end
end

-- The outbox of webhooks: the facts of an event, frozen; the id is stable, so a repeat changes nothing. A receiver that
-- said 410 is told nothing more of its batch.
local function emit(batch, event, suffix, facts, now)
  local b = redis.call('HMGET', K.batch(batch), 'hooks', 'tenant', 'round', 'gone')
  if not b[1] or b[4] or not string.find(b[1], ',' .. event .. ',', 1, true) then return nil end
  local id = 'msg_' .. string.sub(batch, 5) .. '_' .. string.gsub(event, '%.', '_') .. '_' .. b[3] .. suffix
  if redis.call('EXISTS', K.delivery(id)) == 1 then return nil end
  facts.sequence = redis.call('HINCRBY', K.batch(batch), 'sequence', 1)
  redis.call('HSET', K.delivery(id), 'batch', batch, 'tenant', b[2], 'type', event, 'at', now, 'facts', cjson.encode(facts),
    'status', 'pending', 'run', 0, 'tries', 0, 'due', now, 'attempts', '[]')
  redis.call('ZADD', K.deliveriesDue(), now, id)
  redis.call('ZADD', K.batchDeliveries(batch), now, id)
  redis.call('ZADD', K.tenantDeliveries(b[2]), now, id)
  redis.call('ZADD', K.allDeliveries(), now, id)
  return id
end

local statuses = { 'queued', 'uploading', 'editing', 'checking', 'rendering', 'delivering', 'parked', 'completed', 'failed', 'canceled' }

local function counts_of(batch)
  local names = { 'total' }
  for i, status in ipairs(statuses) do names[i + 1] = 'n:' .. status end
  local values = redis.call('HMGET', K.batch(batch), unpack(names))
  local counts = { total = num(values[1]) }
  for i, status in ipairs(statuses) do counts[status] = num(values[i + 1]) end
  return counts
end

-- Ends the round once every file has ended and no bulk action stands. Returns the delivery's id, if there is one.
local function close_round(batch, now)
  local b = redis.call('HMGET', K.batch(batch), 'closed', 'marks', 'round', 'canceled_round', 'retention_ms', 'accepted')
  if b[1] == '1' or num(b[2]) > 0 or b[6] ~= '1' then return nil end
  local counts = counts_of(batch)
  if counts.completed + counts.failed + counts.canceled < counts.total then return nil end
  local status = 'failed'
  if b[3] == b[4] then status = 'canceled' elseif counts.completed > 0 then status = 'completed' end
  redis.call('HSET', K.batch(batch), 'closed', '1', 'finished_at', now)
  redis.call('HDEL', K.batch(batch), 'blocked')
  redis.call('ZADD', K.retention(), now + num(b[5]), batch)
  redis.call('ZREM', K.openRounds(), batch)
  tell(batch)
  return emit(batch, 'batch.' .. status, '', { status = status, counts = counts }, now)
end

-- A round has its retention to end in; what is not finished then expires (sweep-batches.ts).
local function open_round(batch)
  redis.call('ZADD', K.openRounds(), now_ms() + num(redis.call('HGET', K.batch(batch), 'retention_ms')), batch)
end

-- A new round: a retry, or a message after the end that edits or renders.
local function reopen(batch)
  if redis.call('HGET', K.batch(batch), 'closed') ~= '1' then return end
  redis.call('HINCRBY', K.batch(batch), 'round', 1)
  redis.call('HSET', K.batch(batch), 'closed', '0')
  -- What a round more costs was not in the measured figure.
  redis.call('HDEL', K.batch(batch), 'finished_at', 'spent', 'balance_before')
  redis.call('ZREM', K.retention(), batch)
  open_round(batch)
end

-- The account after a call: window (AIMD, design §5), pause, block, outage. `o` has ok, limited_ms, blocked, help_url, down.
local function note_account(account, o, now)
  local key = K.account(account)
  local a = redis.call('HMGET', key, 'window', 'cut_at', 'until', 'down_since')
  local limit = o.max_window
  local window = math.min(tonumber(a[1] or limit), limit)
  local changed = false
  local writes = {}
  if o.ok and o.ok > 0 then
    writes = { 'ok_at', now }
    if a[4] then
      redis.call('HDEL', key, 'down_since', 'down_wait')
      changed = true
    end
    if window < limit then window = math.min(limit, window + o.ok / window) end
  end
  if o.limited_ms then
    if now - num(a[2]) >= 200 then
      window = math.max(1, window * 0.7)
      redis.call('HSET', key, 'cut_at', now)
    end
    local till = math.max(num(a[3]), now + o.limited_ms)
    redis.call('HSET', key, 'until', till)
    redis.call('HINCRBY', key, 'limited', 1)
    count(nil, 'limited', 1, now)
    changed = true
  end
  if tostring(window) ~= a[1] then
    writes[#writes + 1] = 'window'
    writes[#writes + 1] = tostring(window)
  end
  if #writes > 0 then redis.call('HSET', key, unpack(writes)) end
  if o.down and not a[4] then
    redis.call('HSET', key, 'down_since', now)
    -- The first probe of an outage goes out at once (design §5 "Whose fault").
    redis.call('DEL', K.probed(account))
    changed = true
  end
  if o.blocked then
    redis.call('HSET', key, 'blocked', o.blocked, 'help_url', o.help_url or '')
    redis.call('HSETNX', key, 'blocked_at', now)
    changed = true
  end
  if changed then redis.call('PUBLISH', K.accountChannel(), account) end
end

-- The pace: how many files ended, and in how much time with any in flight, both fading with 5 min of that time
-- (src/shared/pace.ts reads them). A rest without work is no time, so the pace is still known after a night.
local function mark_pace(now, ended)
  local p = redis.call('HMGET', K.pace(), 'ended', 'busy_ms', 'at')
  local kept = math.exp(-math.max(0, now - (tonumber(p[3] or now))) / 300000)
  redis.call('HSET', K.pace(), 'ended', tostring(num(p[1]) * kept + ended), 'busy_ms', tostring(num(p[2]) * kept + 300000 * (1 - kept)), 'at', now)
end

-- Work begins: the time since the last file ended was a rest.
local function begin_pace(now) redis.call('HSET', K.pace(), 'at', now) end
-- A webhook endpoint (a tenant's URL) after an attempt: how long it takes, and since when it has only failed. After three
-- days of that it is marked, until the next success. Returns 'marked' | 'revived' | ''.
local endpoint_kept_ms = 30 * 86400000
local endpoint_marked_after_ms = 3 * 86400000
local function note_endpoint(endpoint, delivery, ok, took_ms, now)
  local key = K.endpoint(endpoint)
  redis.call('ZREM', K.endpointOpen(endpoint), delivery)
  local e = redis.call('HMGET', key, 'usual_ms', 'failing_since', 'marked_at')
  -- Half of the old, half of the new: follows a receiver that recovers within a few requests.
  redis.call('HSET', key, 'usual_ms', e[1] and math.floor((tonumber(e[1]) + took_ms) / 2) or took_ms)
  redis.call('PEXPIRE', key, endpoint_kept_ms)
  if ok then
    redis.call('HSET', key, 'ok_at', now)
    redis.call('HDEL', key, 'failing_since', 'failures', 'marked_at')
    return e[3] and 'revived' or ''
  end
  redis.call('HSETNX', key, 'failing_since', now)
  redis.call('HINCRBY', key, 'failures', 1)
  if e[3] or not e[2] or now - tonumber(e[2]) < endpoint_marked_after_ms then return '' end
  redis.call('HSET', key, 'marked_at', now)
  return 'marked'
end
