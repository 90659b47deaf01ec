-- GCRA, the leaky bucket that keeps one instant. A part of take.lua, not a script.
--
-- State: a string "gcra <tat> <fraction> <limit> <given> <id>". tat is the theoretical
-- arrival time, at which the bucket is empty, in microseconds, and fraction the part
-- of one that follows, in limits: a charge drains within window/limit, which seldom is
-- a whole number, and rounding would add up. given counts the microseconds that
-- refunds gave back. id names the time since the bucket was last empty.
-- Arguments: limit; the time in which this cost drains, and that of a full bucket,
-- each as microseconds and fraction. They come from the caller because their products
-- do not fit into Lua's numbers; here all is addition.
-- Reports: the time until the bucket is empty as microseconds and fraction, 0, and
-- "g:<tat + given>:<id>", the end of the charge as if nothing had been given back.
--
-- What cannot be, a fuller bucket than a full one, counts as a full one: another rule
-- wrote it, or the clock was set back.

algorithms.gcra = {
  arguments = 5,

  look = function(key, at, cost)
    local s = {tat = now, fraction = 0, given = 0, id = '', token = '', retry = 0}
    local limit, full, fullFraction = tonumber(ARGV[at]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    s.limit, s.cost, s.costFraction, s.full = limit, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), full
    local got = redis.pcall('GET', key)
    if got then
      local tat, fraction, of, given, id
      if type(got) == 'table' then
        if not string.find(got.err, 'WRONGTYPE', 1, true) then
          return got
        end
      elseif #got < 200 then
        tat, fraction, of, given, id = string.match(got, '^gcra (%d+) (%d+) (%d+) (%d+) (%S+)$')
      end
      if tat and #given <= 15 then
        tat, fraction = tonumber(tat), tonumber(fraction)
        if fraction > 0 and tonumber(of) ~= limit or fraction >= limit then
          tat, fraction = tat + 1, 0 -- the rule had another limit
        end
        if tat - now > full or tat - now == full and fraction > fullFraction then
          tat, fraction = now + full, fullFraction
        end
        if tat > now or tat == now and fraction > 0 then
          s.tat, s.fraction, s.given, s.id = tat, fraction, tonumber(given), id
        end
      else
        redis.call('DEL', key)
      end
    end
    s.used, s.left = s.tat - now, s.fraction
    local after, afterFraction = s.used + s.cost, s.fraction + s.costFraction
    if afterFraction >= limit then
      after, afterFraction = after + 1, afterFraction - limit
    end
    s.refused = after > full or after == full and afterFraction > fullFraction
    s.after, s.afterFraction = after, afterFraction
    return s
  end,

  charge = function(key, s, cost, fresh)
    if s.id == '' then
      s.id = fresh
    end
    s.tat, s.used, s.left = now + s.after, s.after, s.afterFraction
    redis.call('SET', key,
      string.format('gcra %.0f %.0f %.0f %.0f %s', s.tat, s.left, s.limit, s.given, s.id),
      'PX', math.floor(s.used / 1000) + 2)
    s.token = string.format('g:%.0f:%s', s.tat + s.given, s.id)
  end,

  mend = function(key, s)
    if s.id ~= '' then
      local ttl = redis.call('PTTL', key)
      if ttl < 0 or ttl > s.full / 1000 + 2 then
        redis.call('PEXPIRE', key, math.floor(s.used / 1000) + 2)
      end
    end
  end,
}
