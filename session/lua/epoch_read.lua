-- Reads a user's epoch.
--
-- KEYS[1]  the epoch
--
-- Returns the epoch, or nil where there is none.
--
-- A script rather than GET, because a script is never sent to a replica.

local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) == 'table' and string.find(epoch.err, 'WRONGTYPE', 1, true) then
  return false
end
return epoch
