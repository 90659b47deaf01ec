-- settle.lua deals with tasks that were not carried out.
--
-- ARGV  1 worker
--       2 cap of the dead letters
--       then for each task
--         position of its stream, entry
--         what becomes of it: 'again' at once, 'later', or 'dead'
--         ms until then
--         '1' if the run used up an attempt
--         error text, '' to keep the last one
--         bytes to keep of a payload that can never run, 0 for one that can
-- Returns {1 or 0...}: 0 if the entry is not there (any more); {} if the worker was
-- struck off.
--
-- Atomic, because the claim must still hold while the task moves.

local answers = {}
if not alive(ARGV[1]) then
  return answers
end
even_if_full()
local max_dead, time = tonumber(ARGV[2]), now()
for i = 3, #ARGV, 7 do
  local stream, entry, what = streams[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]
  local t = claimed(stream, entry)
  if t then
    if ARGV[i + 4] == '1' then
      t.attempts = number(count(t.attempts) + 1)
      redis.call('HINCRBY', meta, 'failed', 1)
    end
    if ARGV[i + 5] ~= '' then
      t.error = ARGV[i + 5]
    end
    if what == 'dead' then
      bury(t, t.error or '', time, max_dead, tonumber(ARGV[i + 6]))
    elseif what == 'later' then
      keep(retry, time + tonumber(ARGV[i + 3]), t)
    elseif stream == suspects then
      wait_in(suspects, t)
    else
      wait_in(again, t)
    end
    forget_entry(stream, entry)
    answers[#answers + 1] = 1
  else
    redis.call('XACK', stream, group, entry)
    answers[#answers + 1] = 0
  end
end
return answers
