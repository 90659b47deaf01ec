-- Reads a user's epoch.
--
-- KEYS[1]  the epoch
--
-- Returns {epoch, ttl in ms}, or nil where there is none.
--
-- Atomic, because epoch and TTL must belong together. A script is also never sent to a
-- replica.

local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) == 'table' and string.find(epoch.err, 'WRONGTYPE', 1, true) then
  return false
end
if type(epoch) ~= 'string' then
  return epoch
end
return {epoch, redis.call('PTTL', KEYS[1])}
