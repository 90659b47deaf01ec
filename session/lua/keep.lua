-- First step of a revocation of all other sessions: marks the one that stays.
--
-- KEYS[1]  the session
-- ARGV[1]  the user's epoch
-- ARGV[2]  the epoch that is about to begin
--
-- Returns the epoch that the session is marked for, which is ARGV[2] unless another
-- revocation has got so far already; '' where the session belongs to another epoch
-- than ARGV[1]; nil where it is gone.
--
-- Atomic, because two revocations of all others that start from one session must
-- agree on one mark: the one that loses its mark would end its own session.

local got = redis.pcall('HMGET', KEYS[1], '_epoch', '_kept')
if got.err then
  if string.find(got.err, 'WRONGTYPE', 1, true) then
    return false
  end
  return got
end
local epoch, kept = got[1], got[2]
if not epoch then
  return false
end
if kept == ARGV[1] then -- a revocation of before that came no further
  redis.call('HSET', KEYS[1], '_epoch', kept)
  redis.call('HDEL', KEYS[1], '_kept')
  epoch, kept = kept, false
end
if epoch ~= ARGV[1] then
  return ''
end
if not kept then
  kept = ARGV[2]
  redis.call('HSET', KEYS[1], '_kept', kept)
end
return kept
