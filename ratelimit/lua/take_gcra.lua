-- Charges subjects under one GCRA rule each, one after the other: what take.lua does,
-- without what this charge does not need. In front of it stand clock.lua and
-- gcra_state.lua.
--
-- KEYS[i]           bucket of charge i
-- ARGV[1]           identifier for what begins now; empty: only look
-- ARGV[5i-3], …[+4] of charge i: limit; the time in which the cost drains, and that of
--                   a full bucket, each as microseconds and fraction
--
-- Returns for each charge {1 where admitted or else 0, then what gcra.lua reports}, in
-- one list. See take.lua and gcra.lua for the reasons.

local fresh = ARGV[1]
local reply = {}

for i = 1, #KEYS do
  local key, at = KEYS[i], 5 * i - 3
  local limit, full, fullFraction = tonumber(ARGV[at]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local tat, fraction, given, id = bucket(key, limit, full, fullFraction)
  if type(tat) == 'table' then
    return tat
  end
  local admitted = 1
  local after, afterFraction = tat + ARGV[at + 1], fraction + ARGV[at + 2]
  if afterFraction >= limit then
    after, afterFraction = after + 1, afterFraction - limit
  end
  if after - now > full or after - now == full and afterFraction > fullFraction then
    admitted = 0
  end
  if admitted == 1 and fresh ~= '' then
    if id == '' then
      id = fresh
    end
    tat, fraction = after, afterFraction
    fill(key, tat, fraction, ARGV[at], given, id)
  elseif id ~= '' then
    mend(key, tat - now, full)
  end
  at = 5 * i
  reply[at - 4], reply[at - 3], reply[at - 2], reply[at - 1], reply[at] = admitted, tat - now, fraction, tat + given, id
end
return reply
