-- Names a session in the index of its user.
--
-- KEYS[1]  the index
-- ARGV[1]  digest of the session
-- ARGV[2]  its absolute end, ms since 1970
--
-- Returns how many names there are. Names past their end are removed; the index lives
-- as long as the session that lives longest.
--
-- Atomic, because an index without a TTL would stay for ever if the client died
-- between two commands.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local got = redis.pcall('ZADD', KEYS[1], ARGV[2], ARGV[1])
if type(got) == 'table' then
  if not string.find(got.err, 'WRONGTYPE', 1, true) then
    return got
  end
  redis.call('DEL', KEYS[1]) -- nothing else has a right to that name
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
end
-- The name comes first, so that the removal leaves one: see claim.lua.
local last = tonumber(redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
local listed = redis.call('ZCARD', KEYS[1]) -
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if last > now then
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last))
end
return listed
