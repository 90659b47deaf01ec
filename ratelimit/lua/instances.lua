-- Says that a limiter is in use, and counts those that are.
--
-- KEYS[1]  sorted set of limiters by the time of their last sign (ms)
-- ARGV[1]  the limiter
-- ARGV[2]  how long a sign is good for (ms)
--
-- Returns the number of limiters that gave a sign within that time.
--
-- Atomic, because a set without TTL would stay for ever.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local kind = redis.call('TYPE', KEYS[1])
if kind.ok ~= 'zset' and kind.ok ~= 'none' then
  redis.call('DEL', KEYS[1]) -- a stranger's
end
redis.call('ZADD', KEYS[1], string.format('%d', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now - ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%d', now), '+inf') -- the clock was set back
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
