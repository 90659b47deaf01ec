-- reap.lua takes tasks away from workers that have vanished: whose lease has ended,
-- and those that are not known at all, as a worker that was struck off while a
-- command of it was still on its way.
--
-- When nobody reaped for a while, Redis stood still or was away: no worker could
-- renew its lease. They all get time to do so first, so that a restart of Redis
-- does not run every task twice.
--
-- ARGV  1 how many tasks at most
--       2 number of crashes after which a task is given up
--       3 cap of the dead letters
--       4 ms without a reaper that count as such a stall
--       5 ms that the workers then get
--       6 error text
--       7 ms after which a consumer that holds nothing is forgotten
-- Returns {task...}, each {id, crashes, dead}; dead is 1 for one that was given up.
--
-- Atomic, because a lease that is renewed between the look and the write must
-- hold.

local t, left = now(), tonumber(ARGV[1])
local max_crashes, max_dead = tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', reaper, 'last', 'grace')
local last, grace = tonumber(state[1] or '0'), tonumber(state[2] or '0')
-- Between two such times there is always a call that reaps, however slow the
-- reapers are.
if last > grace and t - last > tonumber(ARGV[4]) then
  grace = t + tonumber(ARGV[5])
end
even_if_full()
redis.call('HSET', reaper, 'last', t, 'grace', grace)
if t < grace and grace - t <= tonumber(ARGV[5]) then -- not if the clock was set back
  return {}
end

for i, name in ipairs(redis.call('ZRANGEBYSCORE', workers, '-inf', t, 'WITHSCORES')) do
  if i % 2 == 1 then
    redis.call('ZADD', gone, redis.call('ZSCORE', workers, name), name)
    redis.call('ZREM', workers, name)
  end
end
redis.call('ZREMRANGEBYSCORE', gone, '-inf', t - 3600000)

local reaped = {}

-- take_away puts a task back. ran says that its worker may have run it.
local function take_away(stream, entry, ran)
  local lost = claimed(stream, entry)
  if not lost then
    redis.call('XACK', stream, group, entry)
    return
  end
  if not ran then
    wait_in(stream == suspects and suspects or again, lost)
    forget_entry(stream, entry)
    return
  end
  local n = redis.call('HINCRBY', crashes, lost.id, 1)
  lost.crashes = number(n)
  local died = 0
  if n >= max_crashes then
    bury(lost, ARGV[6], t, max_dead, 0)
    died = 1
  else
    lost.error = ARGV[6]
    local to = by_priority(lost, max_crashes)
    if to ~= suspects then
      to = again
    end
    wait_in(to, lost)
  end
  forget_entry(stream, entry)
  reaped[#reaped + 1] = {lost.id, n, died}
end

for _, stream in ipairs(streams) do
  local consumers = redis.pcall('XINFO', 'CONSUMERS', stream, group)
  if not consumers.err then
    for _, c in ipairs(consumers) do
      local info = task(c)
      if not alive(info.name) then
        if tonumber(info.pending) == 0 then
          -- Its last command may still be on its way.
          if tonumber(info.idle) > tonumber(ARGV[7]) then
            redis.call('XGROUP', 'DELCONSUMER', stream, group, info.name)
          end
        elseif left > 0 then
          local entries = redis.call('XPENDING', stream, group, '-', '+', left, info.name)
          left = left - #entries
          -- What came after the lease had ended was delivered to a command that
          -- nobody waited for any more.
          local lease_end = tonumber(redis.call('ZSCORE', gone, info.name) or '0')
          for _, e in ipairs(entries) do
            take_away(stream, e[1], t - tonumber(e[3]) <= lease_end)
          end
        end
      end
    end
  end
end
return reaped
