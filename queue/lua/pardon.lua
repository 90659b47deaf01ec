-- pardon.lua says that a worker which was taken for dead did not die: it was frozen
-- or cut off. That is no fault of what it ran.
--
-- ARGV  ids of the tasks
-- Returns 1.
--
-- Atomic, because a count must not be lost between look and write.

even_if_full()
for _, id in ipairs(ARGV) do
  if redis.call('HEXISTS', crashes, id) == 1 and redis.call('HINCRBY', crashes, id, -1) <= 0 then
    redis.call('HDEL', crashes, id)
  end
end
return 1
