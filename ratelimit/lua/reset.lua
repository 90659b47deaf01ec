-- Forgets charges, and lifts the denials that limiters remember.
--
-- KEYS        counters; the last one is the key whose changes all limiters hear of
-- ARGV[1]     how long that key lives (ms)
--
-- Returns the number of counters that were there.
--
-- Atomic, because a limiter that heard of it before the counters were gone would ask,
-- be denied once more and remember that.

local n = 0
for i = 1, #KEYS - 1 do
  n = n + redis.call('DEL', KEYS[i])
end
redis.call('SET', KEYS[#KEYS], '', 'PX', ARGV[1])
return n
