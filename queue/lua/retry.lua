-- retry.lua puts a task back that was not carried out: it failed, was postponed
-- or is handed back at shutdown.
--
-- ARGV  1 id, 2 token of the claim
--       3 ms until it is due
--       4 '1' if the run used up an attempt
--       5 error text, '' to keep the last one
--       6 number of crashes after which a task is given up
-- Returns 1, or 0 or -1 as refused() says.
--
-- Atomic, because the claim must still hold while the task moves.

local id = ARGV[1]
if not owns(id, ARGV[2]) then
  return refused(id)
end
if ARGV[5] ~= '' then
  redis.call('HSET', tasks .. id, 'error', ARGV[5])
end
if ARGV[4] == '1' then
  redis.call('HINCRBY', tasks .. id, 'attempts', 1)
end
requeue(id, now() + tonumber(ARGV[3]), tonumber(ARGV[6]))
return 1
