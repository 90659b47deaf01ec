-- extend.lua renews the leases of all tasks that a worker runs.
--
-- ARGV  1 lease in ms, then for each task its id and the token of its claim
-- Returns the positions, from 1, of the tasks whose claim is lost.
--
-- Atomic, because a lease must not be renewed for a claim that is taken away
-- between the look and the write. A lease that has ended but was not reaped yet
-- is renewed: nobody else has the task.

local lease_end = now() + tonumber(ARGV[1])
local lost = {}
for i = 2, #ARGV, 2 do
  if owns(ARGV[i], ARGV[i + 1]) then
    redis.call('ZADD', running, lease_end, ARGV[i])
  else
    lost[#lost + 1] = i / 2
  end
end
return lost
