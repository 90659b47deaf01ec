-- disown.lua gives back what was claimed by a call whose answer was lost: the
-- worker does not know which tasks it got, and nobody runs them.
--
-- ARGV  1 number of crashes after which a task is given up, then the tokens of
--       those claims
-- Returns how many tasks were given back. Their attempts and crashes stay.
--
-- Atomic, because a claim must still be that one while its task moves. It looks
-- at every running task, of which there are as many as there are busy workers.

local disowned = {}
for i = 2, #ARGV do
  disowned[ARGV[i]] = true
end
local t, n = now(), 0
for _, id in ipairs(redis.call('ZRANGE', running, 0, -1)) do
  local claim = redis.call('HGET', tasks .. id, 'claim')
  if claim and disowned[claim] then
    requeue(id, t, tonumber(ARGV[1]))
    n = n + 1
  end
end
return n
