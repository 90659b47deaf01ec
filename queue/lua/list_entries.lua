-- list_entries.lua lists tasks that wait or run, a page of one stream.
--
-- ARGV  1 position of the stream
--       2 'waiting' or 'running'
--       3 entry after which the page begins, '' for the first one
--       4 how many at most
--       5 bytes of each payload at most
-- Returns {task...}, each {entry, worker, ms since it was claimed, fields}.
--
-- One script, because an entry may be finished between its id and its fields.

local stream, most, cut = streams[tonumber(ARGV[1])], tonumber(ARGV[4]), tonumber(ARGV[5])
local after = ARGV[3]
local page = {}

local function show(entry, worker, idle, found)
  local t = task(found, entry)
  t.size = t.size or tostring(#t.payload)
  t.payload = string.sub(t.payload, 1, cut)
  page[#page + 1] = {entry, worker, idle, fields(t)}
end

if ARGV[2] == 'running' then
  local from = after == '' and '-' or '(' .. after
  local pending = redis.pcall('XPENDING', stream, group, from, '+', most)
  if pending.err then
    return page
  end
  for _, e in ipairs(pending) do
    local found = redis.call('XRANGE', stream, e[1], e[1])[1]
    if found then
      show(e[1], e[2], e[3], found[2])
    else
      page[#page + 1] = {e[1], e[2], e[3], {}}
    end
  end
  return page
end

-- Entries up to the last delivered one run by now, also behind an older cursor.
local groups = redis.pcall('XINFO', 'GROUPS', stream)
local delivered = not groups.err and groups[1] and task(groups[1])['last-delivered-id']
local function later(a, b)
  local ams, aseq = string.match(a, '^(%d+)%-(%d+)$')
  local bms, bseq = string.match(b, '^(%d+)%-(%d+)$')
  if ams ~= bms then
    return tonumber(ams) > tonumber(bms)
  end
  return tonumber(aseq) > tonumber(bseq)
end
local from = '-'
if delivered and (after == '' or later(delivered, after)) then
  from = '(' .. delivered
elseif after ~= '' then
  from = '(' .. after
end
for _, e in ipairs(redis.call('XRANGE', stream, from, '+', 'COUNT', most)) do
  show(e[1], '', 0, e[2])
end
return page
