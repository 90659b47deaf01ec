-- Renews a session that exists.
--
-- KEYS[1]  the session
-- ARGV[1]  least time between two renewals, ms
--
-- Returns 2 where the session was renewed, 1 where another request has just done so, 0
-- where it is gone.
--
-- Atomic, because a renewal after the check and after somebody else's DEL would
-- bring a revoked session back. Its epoch plays no part: a renewal does not bring one
-- back either.

local got = redis.pcall('HMGET', KEYS[1], '_epoch', '_seen', '_idle', '_expires')
if got.err then
  if string.find(got.err, 'WRONGTYPE', 1, true) then
    return 0
  end
  return got
end
local seen, idle, expires = tonumber(got[2]), tonumber(got[3]), tonumber(got[4])
if not got[1] or not (seen and idle and expires) then
  return 0
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if math.min(seen + idle, expires) <= now then
  redis.call('DEL', KEYS[1])
  return 0
end
if now >= seen and now - seen < tonumber(ARGV[1]) then
  return 1
end
redis.call('HSET', KEYS[1], '_seen', now)
-- Not PEXPIRE: see create.lua.
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.min(now + idle, expires)))
return 2
