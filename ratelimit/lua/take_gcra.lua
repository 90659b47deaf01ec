-- Charges subjects under one GCRA rule each, one after the other: what take.lua does,
-- without what this charge does not need. In front of it stand clock.lua and
-- gcra_state.lua.
--
-- KEYS[i]  bucket of charge i
-- ARGV[1]  identifier for what begins now; empty: only look
-- ARGV[2…] for each run of charges of the same kind: their number; limit; the time in
--          which the cost drains, and that of a full bucket, each as microseconds and
--          fraction
--
-- Returns for each charge {1 where admitted or else 0, then what gcra.lua reports}, in
-- one list. See take.lua and gcra.lua for the reasons.

local fresh = ARGV[1]
local reply = {}
local at, run = -4, 0
local limit, cost, costFraction, full, fullFraction

for i = 1, #KEYS do
  local key = KEYS[i]
  if run == 0 then
    at = at + 6
    run, limit, cost = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    costFraction, full, fullFraction = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  end
  run = run - 1
  local tat, fraction, given, id = bucket(key, limit, full, fullFraction)
  if type(tat) == 'table' then
    return tat
  end
  local admitted = 1
  local after, afterFraction = tat + cost, fraction + costFraction
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
    fill(key, tat, fraction, ARGV[at + 1], given, id)
  elseif id ~= '' then
    mend(key, tat - now, full)
  end
  local to = 5 * i
  reply[to - 4], reply[to - 3], reply[to - 2], reply[to - 1], reply[to] = admitted, tat - now, fraction, tat + given, id
end
return reply
