-- fetch.lua gives up to n tasks to a worker, those of the higher priority first. On
-- the way it puts tasks whose time has come, and what was pushed to the plain list,
-- in their places.
--
-- ARGV  1 worker
--       2 n, how many tasks at most; 0 only looks
--       3 '1' if the worker runs nothing: it may then get one suspect, alone
--       4 '1' if the lowest priority comes first this time, so that it does not
--         starve
--       5 '1' if the plain list is to be drained
--       6 largest payload in bytes that is taken from it; a larger one becomes a
--         dead letter
--       7 number of crashes after which a task is given up
--       8 cap of the dead letters
--       9 bytes to keep of a payload that is too large
--      10 bytes of payloads after which no more tasks are looked at
--      11 error text for a payload that is too large
-- Returns {state, now, wait, suspects, alone, buried, taken...}
--       state     1, 0 if the queue is paused, -1 if the worker was struck off
--       now       Redis time in ms
--       wait      ms until the next kept task is due, -1 if there is none
--       suspects  how many suspects wait for a worker that runs nothing
--       alone     1 if the one task is a suspect
--       buried    {id...} of the payloads that were too large
--       taken     {position of the stream, entry...}
--
-- Atomic, because what is moved must be in exactly one place, and because a worker
-- that was struck off must not get anything.

local worker, want = ARGV[1], tonumber(ARGV[2])
local max_payload, max_crashes, max_dead = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local max_bytes = tonumber(ARGV[10])
local t = now()
if not alive(worker) then
  return {-1, t, -1, 0, 0, {}}
end
if redis.call('HEXISTS', meta, 'paused') == 1 then
  return {0, t, -1, 0, 0, {}}
end

-- promote puts the tasks of a sorted set whose time has come in their streams.
local function promote(set)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, '-inf', t, 'LIMIT', 0, math.max(want, 1))) do
    local found = redis.call('HGETALL', base .. 'task:' .. id)
    if #found > 0 then
      local due = task(found)
      due.crashes = redis.call('HGET', crashes, id) or nil
      wait_in(by_priority(due, max_crashes), due)
      redis.call('DEL', base .. 'task:' .. id)
    end
    redis.call('ZREM', set, id)
  end
end

-- drain moves what was pushed to the plain list to the stream, the oldest first:
-- what a waiting worker moved to the inbox is older than what is in the list.
local buried = {}
local function drain()
  for _ = 1, math.max(want, 1) do
    local from = inbox
    local payload = redis.call('LINDEX', from, -1)
    if not payload then
      from = list
      payload = redis.call('LINDEX', from, -1)
    end
    if not payload then
      return
    end
    local new = {
      id = number(t) .. '-' .. number(redis.call('HINCRBY', meta, 'seq', 1)),
      created = number(t), payload = payload,
    }
    if #payload > max_payload then
      bury(new, ARGV[11], t, max_dead, tonumber(ARGV[9]))
      buried[#buried + 1] = new.id
    else
      wait_in(normal, new)
    end
    redis.call('RPOP', from)
  end
end

-- A Redis without memory refuses to move anything, before the first write. What waits
-- in the streams can be claimed all the same: carrying it out makes room.
local function with_memory(move, set)
  local ok, err = pcall(move, set)
  local text = type(err) == 'table' and err.err or err
  if not ok and not string.find(tostring(text), 'OOM', 1, true) then
    error(err)
  end
end

with_memory(promote, scheduled)
with_memory(promote, retry)
if ARGV[5] == '1' then
  with_memory(drain)
end

local reply = {1, t, -1, 0, 0, buried}
local left = want

-- take reads new entries of one stream, first some and then more to bound their bytes.
local function take(position, most)
  local some = 4
  while most > 0 and max_bytes > 0 do
    local asked = math.min(most, some)
    local read = redis.call('XREADGROUP', 'GROUP', group, worker, 'COUNT', asked, 'STREAMS', streams[position], '>')
    if not read then
      return
    end
    local entries = read[1][2]
    reply[#reply + 1] = {position, entries}
    left, most = left - #entries, most - #entries
    for _, entry in ipairs(entries) do
      for i = 2, #entry[2], 2 do
        max_bytes = max_bytes - #entry[2][i]
      end
    end
    if #entries < asked then
      return
    end
    some = 2 * some
  end
end

if redis.call('XLEN', suspects) > 0 then
  if ARGV[3] == '1' and want > 0 then
    take(5, 1)
    if left < want then
      reply[5] = 1
      return reply
    end
  end
  reply[4] = redis.call('XLEN', suspects) - held(suspects)
end
take(1, left)
if ARGV[4] == '1' then
  take(4, left)
  take(3, left)
  take(2, left)
else
  take(2, left)
  take(3, left)
  take(4, left)
end

if left == want then
  for _, set in ipairs({scheduled, retry}) do
    local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
    if first[2] then
      local wait = math.max(0, math.ceil(tonumber(first[2]) - t))
      if reply[3] < 0 or wait < reply[3] then
        reply[3] = wait
      end
    end
  end
end
return reply
