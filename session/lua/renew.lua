-- Begins a new epoch of the same version: all sessions of the user end.
--
-- KEYS[1]  the epoch
-- ARGV[1]  random value for the new epoch
-- ARGV[2]  least remaining life, ms: longer than any session that begins now
--
-- Returns 1, or 0 where there was none: then no session can be valid, and nothing is
-- written. Whoever has users deleted in masses must not fill Redis with their epochs.
--
-- Atomic, because an epoch of a higher version that begins after the look must not be
-- replaced by one of the lower version: a late Advance would end sessions again.

local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) == 'table' and not string.find(epoch.err, 'WRONGTYPE', 1, true) then
  return epoch
end
if not epoch then
  return 0
end
local version = type(epoch) == 'string' and string.match(epoch, '^(%d+):') or '0'
local ttl = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[1], version .. ':' .. ARGV[1], 'PX', string.format('%.0f', ttl))
return 1
