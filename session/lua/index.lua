-- Reads the index of a user.
--
-- KEYS[1]  the index
--
-- Returns the digests of the sessions.
--
-- A script rather than ZRANGE, because a script is never sent to a replica.

local got = redis.pcall('ZRANGE', KEYS[1], 0, -1)
if got.err and string.find(got.err, 'WRONGTYPE', 1, true) then
  return {}
end
return got
