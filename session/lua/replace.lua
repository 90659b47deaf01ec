-- Second step of a revocation of all other sessions: replaces the epoch.
--
-- KEYS[1]  the epoch
-- ARGV[1]  the epoch that must be there
-- ARGV[2]  the one that replaces it
-- ARGV[3]  least remaining life, ms: longer than any session that begins now
--
-- Returns 1 where ARGV[2] is the epoch now, 0 where it is neither.
--
-- Atomic, because a revocation of all sessions between the look and the replacement
-- must not be undone.

local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) == 'table' and not string.find(epoch.err, 'WRONGTYPE', 1, true) then
  return epoch
end
if epoch == ARGV[2] then -- another revocation that starts from the same session
  return 1
end
if epoch ~= ARGV[1] then
  return 0
end
local ttl = math.max(tonumber(ARGV[3]), redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[1], ARGV[2], 'PX', string.format('%.0f', ttl))
return 1
