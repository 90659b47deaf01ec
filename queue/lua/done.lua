-- done.lua forgets tasks that were carried out.
--
-- ARGV  1 worker
--       2 u, then u pairs of a unique key and the id of its task
--         c, then c ids of tasks that had crashed before
--         then for each stream its position, n, and n entries
-- Returns 1, or -1 if the worker was struck off.
--
-- Atomic, because a worker that was struck off must not finish what another one is
-- running.

if not alive(ARGV[1]) then
  return -1
end
local i = 2
for _ = 1, tonumber(ARGV[i]) do
  release(ARGV[i + 1], ARGV[i + 2])
  i = i + 2
end
i = i + 1
for _ = 1, tonumber(ARGV[i]) do
  i = i + 1
  redis.call('HDEL', crashes, ARGV[i])
end
i = i + 1
local total = 0
while ARGV[i] do
  local stream, n = streams[tonumber(ARGV[i])], tonumber(ARGV[i + 1])
  total = total + redis.call('XACK', stream, group, unpack(ARGV, i + 2, i + 1 + n))
  redis.call('XDEL', stream, unpack(ARGV, i + 2, i + 1 + n))
  i = i + 2 + n
end
redis.call('HINCRBY', meta, 'processed', total)
return 1
