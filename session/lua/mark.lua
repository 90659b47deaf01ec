-- Gives a session that exists the epochs that another one had: the last step of a
-- rotation that met a revocation of all other sessions.
--
-- KEYS[1]  the session
-- ARGV[1]  its epoch
-- ARGV[2]  the epoch that it is kept for, or empty
--
-- Returns 1, or 0 where there is no session: nothing was written then.
--
-- Atomic, because HSET on a key that was deleted after the check would create a
-- session without TTL.

if redis.call('HEXISTS', KEYS[1], '_epoch') == 0 then
  return 0
end
redis.call('HSET', KEYS[1], '_epoch', ARGV[1])
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], '_kept')
else
  redis.call('HSET', KEYS[1], '_kept', ARGV[2])
end
return 1
