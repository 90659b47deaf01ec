-- GCRA. A part of take.lua, not a script. In front of it stands gcra_state.lua.
--
-- Arguments: limit; the time in which this cost drains, and that of a full bucket,
-- each as microseconds and fraction. They come from the caller because their products
-- do not fit into Lua's numbers; here all is addition.
-- Reports: the time until the bucket is empty as microseconds and fraction; tat + given,
-- which is the end of a charge as if nothing had been given back; the id.

algorithms.gcra = {
  arguments = 5,

  look = function(key, at, cost)
    local text = ARGV[at]
    local limit, full, fullFraction = tonumber(text), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local tat, fraction, given, id = bucket(key, limit, full, fullFraction)
    if type(tat) == 'table' then
      return tat
    end
    local after, afterFraction = tat + ARGV[at + 1], fraction + ARGV[at + 2]
    if afterFraction >= limit then
      after, afterFraction = after + 1, afterFraction - limit
    end
    return {
      used = tat - now, left = fraction, retry = tat + given, token = id,
      refused = after - now > full or after - now == full and afterFraction > fullFraction,
      tat = after, fraction = afterFraction, limit = text, given = given, full = full,
    }
  end,

  charge = function(key, s, cost, fresh)
    if s.token == '' then
      s.token = fresh
    end
    fill(key, s.tat, s.fraction, s.limit, s.given, s.token)
    s.used, s.left, s.retry = s.tat - now, s.fraction, s.tat + s.given
  end,

  mend = function(key, s)
    if s.token ~= '' then
      mend(key, s.used, s.full)
    end
  end,
}
