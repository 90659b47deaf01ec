-- Replaces the caller's data of a session that exists. Its TTL stays.
--
-- KEYS[1]  the session
-- ARGV     names and values of the caller's data, in turn
--
-- Returns 1, or 0 where there is no session: nothing was written then.
--
-- Atomic, because HSET on a key that was deleted after the check would create a
-- session without TTL.

local names = redis.pcall('HKEYS', KEYS[1])
if names.err then
  if string.find(names.err, 'WRONGTYPE', 1, true) then
    return 0
  end
  return names
end
local live, old = false, {}
for _, name in ipairs(names) do
  if name == '_epoch' then -- neither missing nor the marker of a rotated session
    live = true
  elseif name ~= 'user_id' and string.sub(name, 1, 1) ~= '_' then
    old[#old + 1] = name
  end
end
if not live then
  return 0
end
if #old > 0 then
  redis.call('HDEL', KEYS[1], unpack(old))
end
if #ARGV > 0 then
  redis.call('HSET', KEYS[1], unpack(ARGV))
end
return 1
