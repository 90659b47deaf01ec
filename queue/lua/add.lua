-- add.lua adds a task that is not to run at once, or not if it is there already.
--
-- ARGV  1 id
--       2 ms for which the id is remembered, '0' if it is not
--       3 unique key, '' if there is none
--       4 ms for which that is held at most, '0' without an end
--       5 when it is due: '+' and ms from now, or Redis time in ms
--       then the names and values of its fields
-- Returns 1, or 0 if it is a duplicate.
--
-- Atomic, because two producers must not both find that it is missing.

local id, once, unique = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local once_key, unique_key = base .. 'once:' .. id, base .. 'unique:' .. unique
if once > 0 and redis.call('EXISTS', once_key, base .. 'task:' .. id) > 0 then
  return 0
end
if unique ~= '' and redis.call('EXISTS', unique_key) == 1 then
  return 0
end
local t = now()
local due = string.match(ARGV[5], '^%+(%d+)$')
due = due and t + tonumber(due) or tonumber(ARGV[5])
local new = task({unpack(ARGV, 6)})
new.created = number(t)
if due > t then
  keep(scheduled, due, new)
else
  wait_in(by_priority(new, 1), new)
end
-- After the task: a script that stops here leaves a task that may come twice, not
-- a mark for one that was never added.
if once > 0 then
  redis.call('SET', once_key, '', 'PX', once)
end
if unique ~= '' then
  if ARGV[4] == '0' then
    redis.call('SET', unique_key, id)
  else
    redis.call('SET', unique_key, id, 'PX', ARGV[4])
  end
end
return 1
