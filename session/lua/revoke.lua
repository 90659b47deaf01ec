-- Ends a session.
--
-- KEYS[1]  the session
-- ARGV[1]  the user whose session it must be, or empty
--
-- Returns {user} of the session that has ended; {'', digest} of the session that
-- replaced it, where it was rotated: that one must be revoked next; or nil where
-- there is nothing that may be ended.
--
-- Atomic, because a rotation may turn the session into a marker between the look
-- and the deletion. A marker stays, so that a revocation whose second half failed
-- can be repeated.

local got = redis.pcall('HMGET', KEYS[1], '_next', 'user_id')
if got.err then
  if not string.find(got.err, 'WRONGTYPE', 1, true) then
    return got
  end
  got = {}
end
if got[1] then
  return {'', got[1]}
end
local user = got[2] or ''
if ARGV[1] ~= '' and ARGV[1] ~= user then
  return false
end
if redis.call('DEL', KEYS[1]) == 0 then
  return false
end
return {user}
