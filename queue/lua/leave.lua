-- leave.lua strikes a worker off that stops, and hands back what it still holds.
--
-- ARGV  1 worker
--       2 how many tasks at most
-- Returns how many tasks were handed back, -1 if the worker was struck off before.
-- It is struck off now once that is less than the most.
--
-- Atomic, because nobody may take the worker for dead meanwhile.

if not alive(ARGV[1]) then
  return -1
end
even_if_full()
local most, n = tonumber(ARGV[2]), 0
for _, stream in ipairs(streams) do
  if n < most then
    for _, e in ipairs(held_by(ARGV[1], stream, most - n)) do
      local t = claimed(stream, e[1])
      if t then
        wait_in(stream == suspects and suspects or again, t)
      end
      forget_entry(stream, e[1])
      n = n + 1
    end
  end
end
if n < most then
  redis.call('ZREM', workers, ARGV[1])
  for _, stream in ipairs(streams) do
    redis.pcall('XGROUP', 'DELCONSUMER', stream, group, ARGV[1])
  end
end
return n
