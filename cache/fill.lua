-- Stores a loaded value and gives the lease back, if the lease still holds the
-- token under which the load began.
--
-- KEYS[1]  the value
-- KEYS[2]  the lease, in the slot of the value
-- KEYS[3]  the generations of the tags under which the value was loaded, in the
--          same slot; absent where there are no tags
-- ARGV[1]  token of the load
-- ARGV[2]  the value as JSON
-- ARGV[3]  life of the value in milliseconds; 0: there is nothing to store, a
--          value that is there is removed
-- ARGV[4]  with KEYS[3]: those generations
--
-- Returns 1 if the load still held the lease, else 0 and nothing was changed.
--
-- Atomic, because an invalidation between the look at the lease and the SET would
-- be undone by the SET.

if redis.pcall('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  if KEYS[3] then
    redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[3])
  end
end
redis.call('DEL', KEYS[2])
return 1
