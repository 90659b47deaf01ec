-- held.lua tells a worker what it holds, for one that may have missed an answer.
--
-- ARGV  1 worker
--       2 how many of each stream at most
-- Returns {position of the stream, entry, ...}, empty if the worker was struck off.
--
-- One script, so that nothing moves between two streams.

local found = {}
if not alive(ARGV[1]) then
  return found
end
for position, stream in ipairs(streams) do
  for _, e in ipairs(redis.call('XPENDING', stream, group, '-', '+', ARGV[2], ARGV[1])) do
    found[#found + 1] = position
    found[#found + 1] = e[1]
  end
end
return found
