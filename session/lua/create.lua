-- Stores a new session.
--
-- KEYS[1]  the session
-- ARGV[1]  epoch
-- ARGV[2]  idle timeout, ms
-- ARGV[3]  time of the login, ms since 1970; 0 means now
-- ARGV[4]  time from the login to the absolute end, ms
-- ARGV[5]  user id
-- ARGV[6…] names and values of the caller's data, in turn
--
-- Returns {now, ttl, created, expires} in ms, or nil where the key exists already or the absolute end
-- has passed.
--
-- Atomic, because a session without its TTL would live for ever if the client died
-- between two commands, and a half-written one must never be seen.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local idle = tonumber(ARGV[2])
local created = tonumber(ARGV[3])
if created == 0 then
  created = now
end
local expires = created + tonumber(ARGV[4])
local ttl = math.min(idle, expires - now)
if ttl <= 0 or redis.call('EXISTS', KEYS[1]) == 1 then
  return false
end

local fields = {
  'user_id', ARGV[5], '_epoch', ARGV[1], '_created', created, '_seen', now, '_expires', expires, '_idle', idle,
}
for i = 6, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
redis.call('HSET', KEYS[1], unpack(fields))
-- Not PEXPIRE: it counts from another reading of the clock than TIME gave, and the
-- key could outlive the end that its fields state.
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', now + ttl))
return {now, ttl, created, expires}
