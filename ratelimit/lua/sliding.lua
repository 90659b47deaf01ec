-- Sliding windows. A part of take.lua, not a script.
--
-- State: a string "sliding <total> <number> <first> <last> <count> <id> <older>". Charges
-- lie in entries, numbered upwards, and an entry is over one window after its last
-- charge. The newest one is in the middle: its number, the microseconds of its first
-- and last charge, what was charged. Older ones follow, the oldest first, each as
-- "<number>,<last>,<count>;". total is the sum of all. id names the time since the
-- last moment without charges.
-- Arguments: limit, window and the span of an entry (microseconds). A charge joins the
-- newest entry while that is younger than the span, so their number is bounded; with
-- span 0 only charges of the same microsecond share one.
-- Reports: total, microseconds until all is over, microseconds until this cost would
-- be admitted, and "s:<number>:<id>", the entry that was charged.
--
-- What somebody else wrote counts as nothing. Where the clock was set back, all
-- charges count as made now.

algorithms.sliding = {
  arguments = 3,

  look = function(key, at, cost)
    local limit, window = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    local s = {
      used = 0, left = 0, retry = 0, token = '', id = '', window = window, span = tonumber(ARGV[at + 2]),
      number = 0, first = 0, last = 0, count = 0, older = '', refused = false, moved = false,
    }
    local got = redis.pcall('GET', key)
    local total, number, first, last, count, id, older
    if got then
      if type(got) == 'table' then
        if not string.find(got.err, 'WRONGTYPE', 1, true) then
          return got
        end
      else
        total, number, first, last, count, id, older =
          string.match(got, '^sliding (%d+) (%d+) (%d+) (%d+) (%d+) (%S+) ([%d,;]*)$')
      end
      if not total or #total > 15 or #number > 15 or #first > 16 or #last > 16 or #count > 15 then
        redis.call('DEL', key)
        total = nil
      end
    end
    if total then
      total, number, first, last, count = tonumber(total), tonumber(number), tonumber(first), tonumber(last), tonumber(count)
      if first > last or last > now then
        first, last, count, older, s.moved = now, now, total, '', true
      end
      -- Forget what is over.
      local from = 1
      while from <= #older do
        local ended, n, following = string.match(older, '^%d+,(%d+),(%d+);()', from)
        if not ended or tonumber(ended) > now then -- a stranger's
          last = now - window
          break
        end
        if ended + window > now then
          break
        end
        total, from = total - n, following
      end
      if last + window > now then
        if from > 1 then
          older = string.sub(older, from)
        end
        if older == '' or total < count then
          total = count
        end
        s.used, s.left, s.id = total, last + window - now, id
        s.number, s.first, s.last, s.count, s.older = number, first, last, count, older
      end
    end
    s.refused = s.used + cost > limit
    if s.refused then
      local excess, from = s.used + cost - limit, 1
      s.retry = s.left
      while excess > 0 do
        local ended, n, following = string.match(s.older, '^%d+,(%d+),(%d+);()', from)
        if not ended then
          s.retry = s.left
          break
        end
        s.retry, excess, from = ended + window - now, excess - n, following
      end
    end
    return s
  end,

  charge = function(key, s, cost, fresh)
    if s.moved then
      s.id = fresh -- nothing is left of the entries that refunds know
    end
    if s.id == '' then
      s.id, s.number, s.first, s.count, s.older = fresh, 1, now, 0, ''
    elseif now - s.first >= s.span and now > s.first then
      if s.count > 0 then
        s.older = string.format('%s%d,%d,%d;', s.older, s.number, s.last, s.count)
      end
      s.number, s.first, s.count = s.number + 1, now, 0
    end
    s.last, s.count, s.used, s.left = now, s.count + cost, s.used + cost, s.window
    redis.call('SET', key,
      string.format('sliding %d %d %d %d %d %s %s', s.used, s.number, s.first, s.last, s.count, s.id, s.older),
      'PX', math.floor(s.window / 1000) + 1)
    s.token = string.format('s:%d:%s', s.number, s.id)
  end,

  mend = function(key, s)
    if s.id ~= '' then
      local ttl = redis.call('PTTL', key)
      if ttl < 0 or ttl > s.window / 1000 + 1 then
        redis.call('PEXPIRE', key, math.floor(s.left / 1000) + 1)
      end
    end
  end,
}
