-- Last step of a rotation: puts a marker in the place of the old session.
--
-- KEYS[1]  the old session
-- ARGV[1]  digest of the token that replaces it
-- ARGV[2]  life of the marker, ms
--
-- Returns {now, ttl, field, value, …} of the session as it was, or nil where it is
-- gone.
--
-- Atomic, because of two rotations of one token only one may win, and because
-- whoever revokes the token must find either the session or the marker.

local got = redis.pcall('HGETALL', KEYS[1])
if got.err then
  if string.find(got.err, 'WRONGTYPE', 1, true) then
    return false
  end
  return got
end
local f = {}
for i = 1, #got, 2 do
  f[got[i]] = got[i + 1]
end
local seen, idle, expires = tonumber(f._seen), tonumber(f._idle), tonumber(f._expires)
if not (f.user_id and f._epoch and f._created and seen and idle and expires) then
  return false
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local remaining = math.min(seen + idle, expires) - now
if remaining <= 0 then
  redis.call('DEL', KEYS[1])
  return false
end
-- Not DEL first: while its slot moves to another node, Redis refuses the rest of a script
-- that has just deleted its key, and the session would be gone.
redis.call('HSET', KEYS[1], '_next', ARGV[1])
local names = {}
for name in pairs(f) do
  names[#names + 1] = name
end
redis.call('HDEL', KEYS[1], unpack(names))
-- Not PEXPIRE: see create.lua.
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.min(now + tonumber(ARGV[2]), expires)))
return {now, remaining, unpack(got)}
