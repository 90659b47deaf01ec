-- stats.lua counts the tasks of a queue in each of their states.
--
-- Returns {waiting, running, scheduled, retrying, suspects, dead, paused, processed,
--       failed, died, latency, workers}
--       suspects  those of the waiting ones that run alone
--       latency   ms for which the oldest entry waits, 0 if none does
--
-- Atomic, so that a task that moves meanwhile is counted once.

local t = now()
local waiting = redis.call('LLEN', list) + redis.call('LLEN', inbox)
local running, latency, alone = 0, 0, 0
for _, stream in ipairs(streams) do
  local n = held(stream)
  local rest = redis.call('XLEN', stream) - n
  running, waiting = running + n, waiting + rest
  if stream == suspects then
    alone = rest
  end
  if rest > 0 then
    local from = '-'
    local groups = redis.pcall('XINFO', 'GROUPS', stream)
    if not groups.err and groups[1] then
      from = '(' .. task(groups[1])['last-delivered-id']
    end
    local first = redis.call('XRANGE', stream, from, '+', 'COUNT', 1)[1]
    if first then
      latency = math.max(latency, t - tonumber(came(first[1])))
    end
  end
end
local m = redis.call('HMGET', meta, 'paused', 'processed', 'failed', 'died')
return {
  waiting, running, redis.call('ZCARD', scheduled), redis.call('ZCARD', retry), alone,
  redis.call('ZCARD', dead), m[1] and 1 or 0, tonumber(m[2] or '0'), tonumber(m[3] or '0'),
  tonumber(m[4] or '0'), latency, redis.call('ZCOUNT', workers, t, '+inf'),
}
