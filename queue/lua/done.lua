-- done.lua forgets a task that was carried out.
--
-- ARGV  1 id, 2 token of the claim
-- Returns 1, or 0 or -1 as refused() says.
--
-- Atomic, because a worker that lost its claim must not finish a task that
-- another one is running. It only deletes, so it works on a Redis that is out of
-- memory.

if not owns(ARGV[1], ARGV[2]) then
  return refused(ARGV[1])
end
redis.call('DEL', tasks .. ARGV[1])
redis.call('ZREM', running, ARGV[1])
return 1
