-- find.lua looks for one task: among those that are kept, and in a part of a stream.
--
-- ARGV  1 id
--       2 position of the stream
--       3 entry after which to look, '' for the first one
--       4 how many entries at most
--       5 bytes of the payload at most
-- Returns {state, score, worker, ms since it was claimed, fields} where it is found,
-- score being that of its sorted set; else {entry}, the last one that was looked at,
-- '' at the end of the stream.
--
-- One script, because a task may move between its place and its fields.

local id, stream = ARGV[1], streams[tonumber(ARGV[2])]

local function show(state, score, worker, idle, t)
  t.size = t.size or tostring(#t.payload)
  t.payload = string.sub(t.payload, 1, tonumber(ARGV[5]))
  return {state, score, worker, idle, fields(t)}
end

local kept = redis.call('HGETALL', base .. 'task:' .. id)
if #kept > 0 then
  for state, set in pairs({scheduled = scheduled, retrying = retry, dead = dead}) do
    local score = redis.call('ZSCORE', set, id)
    if score then
      return show(state, score, '', 0, task(kept))
    end
  end
end

local from = ARGV[3] == '' and '-' or '(' .. ARGV[3]
local found = redis.call('XRANGE', stream, from, '+', 'COUNT', ARGV[4])
for _, e in ipairs(found) do
  local t = task(e[2], e[1])
  if t.id == id then
    local pending = redis.pcall('XPENDING', stream, group, e[1], e[1], 1)
    local claim = not pending.err and pending[1]
    if claim then
      return show('running', '', claim[2], claim[3], t)
    end
    return show('waiting', '', '', 0, t)
  end
end
return {#found == tonumber(ARGV[4]) and found[#found][1] or ''}
