-- Gives a charge back into the windows it was taken from.
--
-- KEYS[i]    counter of rule i
-- ARGV[1]    cost
-- ARGV[1+i]  identifier of the window that was charged
--
-- Returns the number of counters that got something back. Counters do not become
-- negative, none is created, and TTLs stay.
--
-- Atomic, because a window that ends between the look and the write would leave a
-- counter without TTL, or give back what the next window never took.

local cost = tonumber(ARGV[1])
local given = 0
for i = 1, #KEYS do
  local got = redis.pcall('HMGET', KEYS[i], 'count', 'window')
  if got.err then
    if not string.find(got.err, 'WRONGTYPE', 1, true) then
      return got
    end
  elseif got[2] == ARGV[1 + i] and got[1] and string.find(got[1], '^%d+$') then
    redis.call('HSET', KEYS[i], 'count', math.max(0, tonumber(got[1]) - cost))
    given = given + 1
  end
end
return given
