-- Stores a new session.
--
-- KEYS[1]  the session
-- ARGV[1]  idle timeout, ms
-- ARGV[2]  time of the login, ms since 1970; 0 means now
-- ARGV[3]  time from the login to the absolute end, ms
-- ARGV[4…] names and values of all other fields, in turn
--
-- Returns {now, ttl, field, value, …} as lookup.lua does, or nil where the key exists
-- already or the absolute end has passed.
--
-- Atomic, because a session without its TTL would live for ever if the client died
-- between two commands, and a half-written one must never be seen.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local idle = tonumber(ARGV[1])
local created = tonumber(ARGV[2])
if created == 0 then
  created = now
end
local expires = created + tonumber(ARGV[3])
local ttl = math.min(idle, expires - now)
if ttl <= 0 or redis.call('EXISTS', KEYS[1]) == 1 then
  return false
end

local fields = {'_created', created, '_seen', now, '_expires', expires, '_idle', idle}
for i = 4, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
redis.call('HSET', KEYS[1], unpack(fields))
local got = redis.call('HGETALL', KEYS[1])
-- Not PEXPIRE: it counts from another reading of the clock than TIME gave, and the
-- key could outlive the end that its fields state. The last command, because the key is
-- gone where that end has passed already.
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', now + ttl))
return {now, ttl, unpack(got)}
