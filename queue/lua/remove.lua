-- remove.lua takes back one task that no worker has claimed yet, the newest with
-- exactly these bytes.
--
-- ARGV  1 payload
-- Returns 1 if there was one.
--
-- Atomic, because a waiting worker may move the task from the one list to the
-- other between two looks.

if redis.call('LREM', pending, 1, ARGV[1]) > 0 then
  return 1
end
return redis.call('LREM', inbox, 1, ARGV[1])
