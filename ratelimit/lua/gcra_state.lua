-- The state of GCRA, the leaky bucket that keeps one instant. A part of scripts, not
-- one.
--
-- State: a string "gcra <tat> <fraction> <limit> <given> <id>". tat is the theoretical
-- arrival time, at which the bucket is empty, in microseconds, and fraction the part
-- of one that follows, in limits: a charge drains within window/limit, which seldom is
-- a whole number, and rounding would add up. given counts the microseconds that
-- refunds gave back. id names the time since the bucket was last empty.
--
-- What cannot be, a fuller bucket than a full one, counts as a full one: another rule
-- wrote it, or the clock was set back.

-- Returns tat, fraction, given and id; of an empty bucket now, 0, 0 and an empty id.
-- Where Redis refuses to answer, the first value is its error. What somebody else
-- wrote is deleted.
local function bucket(key, limit, full, fullFraction)
  local got = redis.pcall('GET', key)
  if not got then
    return now, 0, 0, ''
  end
  if type(got) == 'table' then
    if not string.find(got.err, 'WRONGTYPE', 1, true) then
      return got
    end
    got = ''
  end
  local tat, fraction, of, given, id
  if #got < 200 then
    tat, fraction, of, given, id = string.match(got, '^gcra (%d+) (%d+) (%d+) (%d+) (%S+)$')
  end
  if not tat or #given > 15 then
    redis.call('DEL', key)
    return now, 0, 0, ''
  end
  tat, fraction = tonumber(tat), tonumber(fraction)
  if fraction > 0 and (fraction >= limit or tonumber(of) ~= limit) then
    tat, fraction = tat + 1, 0 -- the rule had another limit
  end
  if tat - now > full or tat - now == full and fraction > fullFraction then
    tat, fraction = now + full, fullFraction
  end
  if tat > now or tat == now and fraction > 0 then
    return tat, fraction, tonumber(given), id
  end
  return now, 0, 0, ''
end

local function fill(key, tat, fraction, limit, given, id)
  redis.call('SET', key, string.format('gcra %d %d %s %d %s', tat, fraction, limit, given, id),
    'PX', math.floor((tat - now) / 1000) + 2)
end

local function mend(key, used, full)
  local ttl = redis.call('PTTL', key)
  if ttl < 0 or ttl > full / 1000 + 2 then
    redis.call('PEXPIRE', key, math.floor(used / 1000) + 2)
  end
end
