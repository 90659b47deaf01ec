-- done.lua forgets tasks that were carried out.
--
-- Without prelude.lua, as fetch.lua.
--
-- KEYS  workers, meta, crashes, beginning of the names of the others, and the streams
--       by position
-- ARGV  1 worker
--       2 u, then u pairs of a unique key and the id of its task
--         c, then c ids of tasks that had crashed before
--         then for each stream its position, n, and n entries
-- Returns 1, or -1 if the worker was struck off.
--
-- Atomic, because a worker that was struck off must not finish what another one is
-- running.

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return -1
end
local i = 2
for _ = 1, tonumber(ARGV[i]) do
  local unique = KEYS[4] .. 'unique:' .. ARGV[i + 1]
  if redis.call('GET', unique) == ARGV[i + 2] then
    redis.call('DEL', unique)
  end
  i = i + 2
end
i = i + 1
for _ = 1, tonumber(ARGV[i]) do
  i = i + 1
  redis.call('HDEL', KEYS[3], ARGV[i])
end
i = i + 1
local total = 0
while ARGV[i] do
  local stream, n = KEYS[4 + ARGV[i]], tonumber(ARGV[i + 1])
  total = total + redis.call('XACK', stream, 'workers', unpack(ARGV, i + 2, i + 1 + n))
  redis.call('XDEL', stream, unpack(ARGV, i + 2, i + 1 + n))
  i = i + 2 + n
end
redis.call('HINCRBY', KEYS[2], 'processed', total)
return 1
