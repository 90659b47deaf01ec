-- Begins a new epoch if its version is higher than that of the present one: then all
-- sessions of the user end.
--
-- KEYS[1]  the epoch
-- ARGV[1]  version, a decimal number without leading zeros; empty for a user who is
--          gone: then a new epoch begins in any case, with the version of the old one
-- ARGV[2]  random value for the new epoch
-- ARGV[3]  least remaining life, ms: longer than any session that begins now
--
-- Returns 1 where a new epoch has begun. Otherwise 0: the present one has this version
-- already, or there is none and no session can be valid.
--
-- Atomic, because of two versions that arrive at the same time the higher one must
-- win, whatever their order.

-- Versions have up to 19 digits; numbers of Lua are exact up to 15.
local function less(a, b)
  return #a < #b or #a == #b and a < b
end

local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) == 'table' and not string.find(epoch.err, 'WRONGTYPE', 1, true) then
  return epoch
end
if type(epoch) ~= 'string' then
  return 0
end
local version = string.match(epoch, '^0*(%d+):') or '0'
local next = ARGV[1]
if next == '' then
  next = version
elseif not less(version, next) then
  return 0
end
local ttl = math.max(tonumber(ARGV[3]), redis.call('PTTL', KEYS[1]))
redis.call('SET', KEYS[1], next .. ':' .. ARGV[2], 'PX', string.format('%.0f', ttl))
return 1
