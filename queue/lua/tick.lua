-- tick.lua adds the task of a schedule, once for each tick, whoever comes first.
--
-- ARGV  1 name of the schedule
--       2 tick, Redis time in ms
--       then the names and values of the task's fields
-- Returns 1 if it was added, 0 if that tick or a later one was there before.
--
-- Atomic, because every worker calls it for every tick.

local last = tonumber(redis.call('HGET', cron, ARGV[1]) or '0')
if tonumber(ARGV[2]) <= last then
  return 0
end
local new = task({unpack(ARGV, 3)})
wait_in(by_priority(new, 1), new)
redis.call('HSET', cron, ARGV[1], ARGV[2])
return 1
