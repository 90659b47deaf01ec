-- bury.lua makes a task a dead letter: its attempts are used up, or its handler
-- said that no further one can succeed.
--
-- ARGV  1 id, 2 token of the claim
--       3 error text
--       4 '1' if the run used up an attempt
--       5 cap of the dead letters
--       6 bytes to keep of a payload that can never run, 0 for one that can
-- Returns 1, or 0 or -1 as refused() says.
--
-- Atomic, because the claim must still hold while the task moves.

local id = ARGV[1]
if not owns(id, ARGV[2]) then
  return refused(id)
end
if ARGV[4] == '1' then
  redis.call('HINCRBY', tasks .. id, 'attempts', 1)
end
if ARGV[6] ~= '0' then
  curtail(id, redis.call('HGET', tasks .. id, 'payload'), tonumber(ARGV[6]))
end
bury(id, ARGV[3], now(), tonumber(ARGV[5]))
return 1
