-- register.lua makes a worker known, and the groups it reads through where they
-- are missing: at first, or after Redis lost its data. They begin at the first
-- entry, because producers need no worker.
--
-- ARGV  1 worker, a name never used before; or, with 3, one that should be known
--       2 lease in ms
--       3 '1' if only a group is missing
-- Returns 1, or 0 if such a worker has been struck off.
--
-- Atomic, because a worker that reads before it is known would be reaped.

if ARGV[3] == '1' and not alive(ARGV[1]) then
  return 0
end
even_if_full()
for _, stream in ipairs(streams) do
  local made = redis.pcall('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    return redis.error_reply(made.err)
  end
end
redis.call('ZADD', workers, now() + tonumber(ARGV[2]), ARGV[1])
return 1
