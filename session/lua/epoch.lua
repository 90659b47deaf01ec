-- Returns a user's epoch and begins one where there is none.
--
-- KEYS[1]  the epoch
-- ARGV[1]  random value for a new epoch
-- ARGV[2]  least remaining life, ms: longer than any session that begins now
--
-- Returns the epoch. Its TTL is at least ARGV[2] afterwards and never shortened.
--
-- Atomic, because of two logins that find no epoch only one may begin it, and
-- because the epoch must not expire between the reading and the extension.

local ttl = tonumber(ARGV[2])
local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) == 'table' and not string.find(epoch.err, 'WRONGTYPE', 1, true) then
  return epoch
end
if type(epoch) ~= 'string' or epoch == '' then
  epoch = '0:' .. ARGV[1]
  redis.call('SET', KEYS[1], epoch, 'PX', ttl)
  return epoch
end
if redis.call('PTTL', KEYS[1]) < ttl then -- also without TTL, which is -1
  redis.call('PEXPIRE', KEYS[1], ttl)
end
return epoch
