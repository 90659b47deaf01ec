-- Gives a charge back into what it was taken from. In front of it stands clock.lua.
--
-- KEYS[i]    counter of rule i; the last key is the one whose changes all limiters hear
--            of, so that they forget denials
-- ARGV[1]    cost
-- ARGV[1+i]  what was charged: a fixed window's identifier; "s:<number>:<id>", an entry
--            of a sliding window; "g:<time>:<fraction>:<limit>:<end>:<id>", the
--            length and end of a charge in the bucket of a GCRA
--
-- Returns the number of counters that got something back. Counters do not become
-- negative, none is created, and TTLs stay.
--
-- Atomic, because a window that ends between the look and the write would leave a
-- counter without TTL, or give back what the next window never took.

local cost = tonumber(ARGV[1])

local function fixed(key, window)
  local got = redis.pcall('HMGET', key, 'count', 'window')
  if got.err then
    return got
  end
  if got[2] == window and got[1] and string.find(got[1], '^%d+$') then
    redis.call('HSET', key, 'count', string.format('%.0f', math.max(0, tonumber(got[1]) - cost)))
    return true
  end
end

local function sliding(key, number, id)
  local got = redis.pcall('GET', key)
  if type(got) ~= 'string' then
    return got
  end
  local total, newest, times, count, whose, older =
    string.match(got, '^sliding (%d+) (%d+) (%d+ %d+) (%d+) (%S+) ([%d,;]*)$')
  if whose ~= id then
    return
  end
  local back
  if newest == number then
    back = math.min(cost, tonumber(count))
    count = count - back
  else
    local from, to, head, n = string.find(';' .. older, ';(' .. number .. ',%d+),(%d+);')
    if not from then
      return
    end
    back = math.min(cost, tonumber(n))
    local left = n - back
    local entry = ''
    if left > 0 then -- entries without charges would pile up
      entry = string.format('%s,%d;', head, left)
    end
    older = string.sub(older, 1, from - 1) .. entry .. string.sub(older, to)
  end
  redis.call('SET', key,
    string.format('sliding %d %s %s %d %s %s', math.max(0, total - back), newest, times, count, whose, older),
    'KEEPTTL')
  return true
end

-- The charges in a bucket drain one after the other. What has drained of this one
-- cannot be given back: others may have been admitted in its place. Earlier refunds
-- moved its end forward, at most by all that was given back since.
local function gcra(key, ends, time, fraction, limit, id)
  local got = redis.pcall('GET', key)
  if type(got) ~= 'string' then
    return got
  end
  local tat, tatFraction, of, given, whose = string.match(got, '^gcra (%d+) (%d+) (%d+) (%d+) (%S+)$')
  if whose ~= id then
    return
  end
  tat, tatFraction, given, time, fraction = tonumber(tat), tonumber(tatFraction), tonumber(given), tonumber(time), tonumber(fraction)
  local left = math.min(ends - given, tat) - now
  if left <= 0 then
    return
  end
  if of ~= limit then
    fraction = 0
  end
  if left < time + 1 then
    time, fraction = math.min(left, time), 0
  end
  tat, tatFraction, given = tat - time, tatFraction - fraction, given + time
  if fraction > 0 then
    given = given + 1
  end
  if tatFraction < 0 then
    tat, tatFraction = tat - 1, tatFraction + of
  end
  redis.call('SET', key, string.format('gcra %d %d %s %d %s', tat, tatFraction, of, given, whose), 'KEEPTTL')
  return true
end

local given = 0
for i = 1, #KEYS - 1 do
  local token, got = ARGV[1 + i], nil
  local number, entries = string.match(token, '^s:(%d+):(.+)$')
  local time, fraction, limit, ends, bucket = string.match(token, '^g:(%d+):(%d+):(%d+):(%d+):(.+)$')
  if number then
    got = sliding(KEYS[i], number, entries)
  elseif ends then
    got = gcra(KEYS[i], ends, time, fraction, limit, bucket)
  else
    got = fixed(KEYS[i], token)
  end
  if got == true then
    given = given + 1
  elseif got and not string.find(got.err, 'WRONGTYPE', 1, true) then
    return got
  end
end
if given > 0 then
  redis.call('SET', KEYS[#KEYS], '', 'PX', 1000)
end
return given
