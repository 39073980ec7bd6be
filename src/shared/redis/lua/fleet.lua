-- fleet: what all processes share, for /metrics. Reads only.
-- KEYS[1] hash tag
-- ARGV[1] account, [2] most batches whose waiting lists are counted (the rest is taken at their mean)
-- Returns {now, in flight, awaiting upload, files that may be admitted, moving, due of the first moving or '', deliveries
--   due, due of the first of them or '', batches, workers, account fields…, pace fields…}
local account, most = ARGV[1], tonumber(ARGV[2])
local now = now_ms()

-- Listed are the batches that have files to admit and are neither paused nor canceled: what more capacity would help.
local waiting, counted, left = 0, 0, 0
for _, tenant in ipairs(redis.call('ZRANGE', K.ring(), 0, -1)) do
  local batches = redis.call('ZRANGE', K.tenantRing(tenant), 0, math.max(0, most - counted - 1))
  if counted >= most then batches = {} end
  for _, batch in ipairs(batches) do waiting = waiting + redis.call('LLEN', K.waiting(batch)) end
  counted = counted + #batches
  left = left + redis.call('ZCARD', K.tenantRing(tenant)) - #batches
end
if counted > 0 then waiting = math.floor(waiting + left * waiting / counted) end
waiting = waiting + redis.call('LLEN', K.free())

local moving = redis.call('ZRANGE', K.moving(), 0, 0, 'WITHSCORES')
local deliveries = redis.call('ZRANGE', K.deliveriesDue(), 0, 0, 'WITHSCORES')
local a = redis.call('HMGET', K.account(account), 'window', 'until', 'blocked', 'down_since', 'limited', 'credits')
local p = redis.call('HMGET', K.pace(), 'ended', 'busy_ms', 'at')
return { now, redis.call('SCARD', K.inFlight(account)), redis.call('SCARD', K.awaitingUpload()), waiting,
  redis.call('ZCARD', K.moving()), moving[2] or '', redis.call('ZCARD', K.deliveriesDue()), deliveries[2] or '',
  redis.call('ZCARD', K.allBatches()), redis.call('ZCOUNT', K.workers(), now - 30000, '+inf'),
  a[1] or '', a[2] or '', a[3] or '', a[4] or '', a[5] or '', a[6] or '', p[1] or '', p[2] or '', p[3] or '' }
