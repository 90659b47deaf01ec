-- Sets fields of a session that exists. Its TTL stays.
--
-- KEYS[1]  the session
-- ARGV     names and values of the caller's data, in turn
--
-- Returns 1, or 0 where there is no session: nothing was written then.
--
-- Atomic, because HSET on a key that was deleted after the check would create a
-- session without TTL.

local epoch = redis.pcall('HGET', KEYS[1], '_epoch')
if type(epoch) == 'table' then
  if string.find(epoch.err, 'WRONGTYPE', 1, true) then
    return 0
  end
  return epoch
end
if not epoch then -- no session, or the marker of a rotated one
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
