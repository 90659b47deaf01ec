-- Takes the lease of a key, unless there is a value already or somebody else
-- holds the lease.
--
-- KEYS[1]  the value
-- KEYS[2]  the lease, in the slot of the value
-- KEYS[3]  the generations of the tags under which the value was loaded, in the
--          same slot; absent where there are no tags
-- ARGV[1]  token of the new lease
-- ARGV[2]  life of the new lease in milliseconds
-- ARGV[3]  SHA-1 in hexadecimal of a value that the caller cannot decode and
--          therefore takes for absent; empty if there is none
-- ARGV[4]  a value with no more than this left of its life, in milliseconds, counts
--          as absent; 0: each value counts
-- ARGV[5]  with KEYS[3]: the present generations; a value of others counts as absent
--
-- Returns {'value', value, remaining life in ms or -1 without one},
--         {'busy', remaining life of the other's lease in ms} or {'acquired'}.
--
-- Sending it a second time with the same token, because the first answer was lost,
-- finds the lease taken by oneself: {'acquired'} again.
--
-- Atomic, because between a look at the value and the taking of the lease another
-- process could store a value that this one would then load a second time.

local value = redis.pcall('GET', KEYS[1]) -- a table: an error, the key is no string
if type(value) == 'string' and (ARGV[3] == '' or redis.sha1hex(value) ~= ARGV[3]) then
  local life, least = redis.call('PTTL', KEYS[1]), tonumber(ARGV[4])
  local alive = least == 0 or life < 0 or life > least
  if alive and (not KEYS[3] or redis.pcall('GET', KEYS[3]) == ARGV[5]) then
    return {'value', value, life}
  end
end

local left = redis.call('PTTL', KEYS[2])
if left >= 0 and redis.pcall('GET', KEYS[2]) ~= ARGV[1] then
  return {'busy', left}
end
-- No lease, or one's own, or one without an end, which this package never makes.
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'acquired'}
