-- fetch.lua gives up to n tasks to a worker, those of the higher priority first.
--
-- It and done.lua run once or twice for each batch, so they do without prelude.lua and
-- most of the keys.
--
-- KEYS  workers, meta, scheduled, retry, the plain list, its inbox, and the streams by
--       position
-- ARGV  1 worker
--       2 n, how many tasks at most; 0 only looks
--       3 '1' if the worker runs nothing: it may then get one suspect, alone
--       4 '1' if the lowest priority comes first this time, so that it does not
--         starve
--       5 '1' if the plain list is to be drained
--       6 bytes of payloads after which no more tasks are looked at
-- Returns {state, now, wait, suspects, alone, upkeep, taken...}
--       state     1, 0 if the queue is paused, -1 if the worker was struck off, -2 if
--                 its lease has ended, as it may when Redis was frozen: whoever asked
--                 does not wait for the answer any more
--       now       Redis time in ms
--       wait      ms until the next kept task is due, -1 if there is none
--       suspects  how many suspects wait for a worker that runs nothing
--       alone     1 if the one task is a suspect
--       upkeep    1 if there is something to do for upkeep.lua
--       taken     {position of the stream, entry...}
--
-- Atomic, because a worker that was struck off must not get anything.

local worker, want, max_bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[6])
local streams = {unpack(KEYS, 7)}
local suspects = streams[5]
local clock = redis.call('TIME')
local t = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease_end = redis.call('ZSCORE', KEYS[1], worker)
if not lease_end then
  return {-1, t, -1, 0, 0, 0}
elseif tonumber(lease_end) <= t then
  return {-2, t, -1, 0, 0, 0}
end
if redis.call('HEXISTS', KEYS[2], 'paused') == 1 then
  return {0, t, -1, 0, 0, 0}
end

local upkeep, wait = 0, -1
for i = 3, 4 do
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2]
  if first then
    local left = math.max(0, math.ceil(first - t))
    if left == 0 then
      upkeep = 1
    elseif wait < 0 or left < wait then
      wait = left
    end
  end
end
if ARGV[5] == '1' and redis.call('EXISTS', KEYS[5], KEYS[6]) > 0 then
  upkeep = 1
end

local reply = {1, t, wait, 0, 0, upkeep}
local left = want

-- take reads new entries of one stream, first some and then more to bound their bytes.
local function take(position, most)
  local some = 4
  while most > 0 and max_bytes > 0 do
    local asked = math.min(most, some)
    local read = redis.call('XREADGROUP', 'GROUP', 'workers', worker, 'COUNT', asked, 'STREAMS', streams[position], '>')
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
  reply[4] = redis.call('XLEN', suspects) - redis.call('XPENDING', suspects, 'workers')[1]
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

return reply
