-- revive.lua makes a dead letter an ordinary task again, due at once and with
-- all its attempts.
--
-- ARGV  1 id
-- Returns 1, 0 if there is no such dead letter, or -1 if only the beginning of its
-- payload is left.
--
-- Atomic, because two callers must not revive the same task twice.

local id = ARGV[1]
if not redis.call('ZSCORE', dead, id) or redis.call('EXISTS', tasks .. id) == 0 then
  return 0
end
if redis.call('HEXISTS', tasks .. id, 'size') == 1 then
  return -1
end
redis.call('HSET', tasks .. id, 'attempts', 0, 'crashes', 0)
redis.call('HDEL', tasks .. id, 'died', 'lost', 'claim')
redis.call('ZADD', retry, now(), id)
redis.call('ZREM', dead, id)
return 1
