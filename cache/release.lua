-- Gives a lease back without storing anything.
--
-- KEYS[1]  the lease
-- ARGV[1]  token of the load
--
-- Returns 1 if the load still held the lease, else 0.
--
-- Atomic, because a lease that changed hands between the look and the DEL would be
-- taken from its new holder.

if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
