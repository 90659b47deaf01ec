-- Ends a session.
--
-- KEYS[1]  the session
--
-- Returns the digest of the session that replaced it, where it was rotated: that
-- one must be revoked next. Otherwise nil.
--
-- Atomic, because a rotation may turn the session into a marker between the look
-- and the deletion. A marker stays, so that a revocation whose second half failed
-- can be repeated.

local next = redis.pcall('HGET', KEYS[1], '_next')
if type(next) == 'table' and not string.find(next.err, 'WRONGTYPE', 1, true) then
  return next
end
if type(next) == 'string' then
  return next
end
redis.call('DEL', KEYS[1])
return false
