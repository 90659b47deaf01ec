-- renew.lua is a worker's sign of life: it renews its claims on everything it runs.
--
-- ARGV  1 worker
--       2 lease in ms
-- Returns 1, or 0 if the worker has been struck off.
--
-- Atomic, because a lease must not be renewed for a worker that is struck off
-- between the look and the write. One that has ended but was not reaped yet is
-- renewed: nobody else has the tasks.

if not alive(ARGV[1]) then
  return 0
end
even_if_full()
redis.call('ZADD', workers, now() + tonumber(ARGV[2]), ARGV[1])
return 1
