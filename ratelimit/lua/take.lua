-- Charges one subject under several rules: all of them, or none. In front of it stand
-- clock.lua and the files of the algorithms that the rules have.
--
-- KEYS[i]  counter of rule i
-- ARGV[1]  cost
-- ARGV[2]  identifier for windows that begin now; empty: only look
-- ARGV[3…] for each rule the name of its algorithm and that one's arguments
--
-- Returns {1 where admitted or else 0, then for each rule four elements: see its
-- algorithm}. They describe what is after the charge.
--
-- Atomic, because another request between the look and the charge would be admitted
-- beyond the limit, because rules must not be charged that are followed by one that
-- refuses, and because a counter without TTL would stay for ever.
--
-- A denial writes nothing but what mends a damaged key.

local cost, fresh = tonumber(ARGV[1]), ARGV[2]
local states, used, at = {}, {}, 3
local admitted = 1

for i = 1, #KEYS do
  local algorithm = algorithms[ARGV[at]]
  local s = algorithm.look(KEYS[i], at + 1, cost)
  if s.err then
    return s
  end
  if s.refused then
    admitted = 0
  end
  states[i], used[i] = s, algorithm
  at = at + 1 + algorithm.arguments
end

local reply = {admitted}
for i = 1, #KEYS do
  local s = states[i]
  if admitted == 1 and fresh ~= '' then
    used[i].charge(KEYS[i], s, cost, fresh)
  else
    used[i].mend(KEYS[i], s)
  end
  reply[#reply + 1] = s.used
  reply[#reply + 1] = s.left
  reply[#reply + 1] = s.retry
  reply[#reply + 1] = s.token
end
return reply
