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
--
-- Charges of a subject that follow each other in a run read its bucket once and write it
-- once: see take_fixed.lua.

local fresh = ARGV[1]
local reply = {}
local at, run = -4, 0
local limit, cost, costFraction, full, fullFraction
local held, tat, fraction, given, id, filled -- the bucket at hand

for i = 1, #KEYS + 1 do
  local key = KEYS[i]
  if key ~= held or run == 0 then
    if filled then
      fill(held, tat, fraction, ARGV[at + 1], given, id)
    elseif held and id ~= '' then
      mend(held, tat - now, full)
    end
    if not key then
      break
    end
    if run == 0 then
      at = at + 6
      run, limit, cost = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
      costFraction, full, fullFraction = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
    end
    held, filled = key, false
    tat, fraction, given, id = bucket(key, limit, full, fullFraction)
    if type(tat) == 'table' then
      return tat
    end
  end
  run = run - 1

  local admitted = 1
  local after, afterFraction = tat + cost, fraction + costFraction
  if afterFraction >= limit then
    after, afterFraction = after + 1, afterFraction - limit
  end
  if after - now > full or after - now == full and afterFraction > fullFraction then
    admitted = 0
  elseif fresh ~= '' then
    if id == '' then
      id = fresh
    end
    tat, fraction, filled = after, afterFraction, true
  end
  local to = 5 * i
  reply[to - 4], reply[to - 3], reply[to - 2], reply[to - 1], reply[to] = admitted, tat - now, fraction, tat + given, id
end
return reply
