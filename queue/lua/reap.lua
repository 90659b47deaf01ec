-- reap.lua takes tasks away from workers whose leases have ended.
--
-- When nobody reaped for a while, Redis stood still or was away: no worker could
-- renew its leases. They all get time to do so first, so that a restart of Redis
-- does not run every task twice.
--
-- ARGV  1 how many tasks at most
--       2 number of crashes after which a task is given up
--       3 cap of the dead letters
--       4 ms without a reaper that count as such a stall
--       5 ms that the workers then get
--       6 error text
-- Returns {task...}, each {id, crashes, dead}; dead is 1 for one that was given up.
--
-- Atomic, because a lease that is renewed between the look and the write must
-- hold.

local t = now()
local max_crashes = tonumber(ARGV[2])
local state = redis.call('HMGET', reaper, 'last', 'grace')
local last, grace = tonumber(state[1] or '0'), tonumber(state[2] or '0')
-- Between two such times there is always a call that reaps, however slow the
-- reapers are.
if last > grace and t - last > tonumber(ARGV[4]) then
  grace = t + tonumber(ARGV[5])
end
redis.call('HSET', reaper, 'last', t, 'grace', grace)
if t < grace and grace - t <= tonumber(ARGV[5]) then -- not if the clock was set back
  return {}
end

local reaped = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', running, '-inf', t, 'LIMIT', 0, tonumber(ARGV[1]))) do
  local claim = redis.call('HGET', tasks .. id, 'claim')
  if claim then
    redis.call('HSET', tasks .. id, 'lost', claim, 'error', ARGV[6])
    local crashes = redis.call('HINCRBY', tasks .. id, 'crashes', 1)
    local gone = 0
    if crashes >= max_crashes then
      bury(id, ARGV[6], t, tonumber(ARGV[3]))
      gone = 1
    else
      requeue(id, t, max_crashes)
    end
    reaped[#reaped + 1] = {id, crashes, gone}
  else
    redis.call('ZREM', running, id)
  end
end
return reaped
