-- kept_ids.lua returns the ids of tasks in one state, the first due or given up first.
--
-- ARGV  1 'scheduled', 'retrying' or 'dead'
--       2 how many at most
--       3 '1' for those only that are not due yet
-- Returns {id...}.
--
-- One command would do, but only a script knows the time.

local sets = {scheduled = scheduled, retrying = retry, dead = dead}
local from = ARGV[3] == '1' and '(' .. number(now()) or '-inf'
return redis.call('ZRANGEBYSCORE', sets[ARGV[1]], from, '+inf', 'LIMIT', 0, ARGV[2])
