-- Last step of a revocation of all other sessions: the one that stays belongs to the
-- new epoch alone.
--
-- KEYS[1]  the session
-- ARGV[1]  the new epoch
--
-- Returns 1, or 0 where the session is gone or has been seen to already.
--
-- Atomic, because the mark may meanwhile be that of a later revocation, and because
-- HSET on a key that was deleted after the check would create a session without TTL.

local kept = redis.pcall('HGET', KEYS[1], '_kept')
if type(kept) == 'table' and not string.find(kept.err, 'WRONGTYPE', 1, true) then
  return kept
end
if kept ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], '_epoch', kept)
redis.call('HDEL', KEYS[1], '_kept')
return 1
