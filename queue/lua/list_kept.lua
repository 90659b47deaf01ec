-- list_kept.lua lists tasks that are scheduled, retried or dead.
--
-- ARGV  1 'scheduled', 'retrying' or 'dead'
--       2 how many to skip
--       3 how many at most
--       4 bytes of each payload at most
-- Returns {task...}, each {id, score, fields}, the ones due first or given up last
-- first.
--
-- One script, because a task may move between its id and its fields.

local sets = {scheduled = scheduled, retrying = retry, dead = dead}
local set, skip, most = sets[ARGV[1]], tonumber(ARGV[2]), tonumber(ARGV[3])
local command = set == dead and 'ZREVRANGE' or 'ZRANGE'
local found = redis.call(command, set, skip, skip + most - 1, 'WITHSCORES')
local page = {}
for i = 1, #found, 2 do
  local t = task(redis.call('HGETALL', base .. 'task:' .. found[i]))
  t.size = t.size or tostring(#t.payload)
  t.payload = string.sub(t.payload, 1, tonumber(ARGV[4]))
  page[#page + 1] = {found[i], found[i + 1], fields(t)}
end
return page
