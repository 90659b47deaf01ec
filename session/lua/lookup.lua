-- Reads a session and renews nothing.
--
-- KEYS[1]  the session
--
-- Returns {now, ttl, field, value, …} with times in ms, or nil where there is no
-- live session; ttl ends no later than the fields say, whatever TTL somebody gave
-- the key. What is expired, incomplete or no hash at all is deleted: the key
-- is the digest of a token, so nothing else has a right to that name. A session
-- that lost its TTL to a foreign PERSIST gets it back.
--
-- Atomic, because fields and TTL must belong together, and because the deletion
-- must hit what was read.

local function gone()
  redis.call('DEL', KEYS[1])
  return false
end

local got = redis.pcall('HGETALL', KEYS[1])
if got.err then
  if string.find(got.err, 'WRONGTYPE', 1, true) then
    return gone()
  end
  return got
end
if #got == 0 then
  return false
end
local f = {}
for i = 1, #got, 2 do
  f[got[i]] = got[i + 1]
end
if f._next then -- rotated: the marker stays until its TTL ends
  return false
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seen, idle, expires = tonumber(f._seen), tonumber(f._idle), tonumber(f._expires)
if not (f.user_id and f._epoch and f._created and seen and idle and expires) then
  return gone()
end
local remaining = math.min(seen + idle, expires) - now
if remaining <= 0 then
  return gone()
end
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 then -- not PEXPIRE: see create.lua
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', now + remaining))
  ttl = remaining
end
return {now, math.min(ttl, remaining), unpack(got)}
