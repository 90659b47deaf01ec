-- Makes charges, one after the other: each charges one subject under several rules,
-- all of them or none. In front of it stand clock.lua and the files of the algorithms
-- that the rules have.
--
-- KEYS     the counters: for each charge one per rule
-- ARGV[1]  identifier for windows that begin now; empty: only look
-- ARGV[2…] for each charge: cost, number of rules, and for each rule the name of its
--          algorithm and that one's arguments
--
-- Returns one list: for each charge 1 where admitted or else 0, and for each of its
-- rules four elements: see its algorithm. They describe what is after the charge.
--
-- Atomic, because another request between the look and the charge would be admitted
-- beyond the limit, because rules must not be charged that are followed by one that
-- refuses, and because a counter without TTL would stay for ever.
--
-- A denial writes nothing but what mends a damaged key.

local fresh = ARGV[1]
local states, used = {}, {}
local reply, n = {}, 0
local at, first = 2, 0

while first < #KEYS do
  local cost, rules = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local admitted = 1
  at = at + 2
  for i = 1, rules do
    local algorithm = algorithms[ARGV[at]]
    local s = algorithm.look(KEYS[first + i], at + 1, cost)
    if s.err then
      return s
    end
    if s.refused then
      admitted = 0
    end
    states[i], used[i] = s, algorithm
    at = at + 1 + algorithm.arguments
  end

  n = n + 1
  reply[n] = admitted
  for i = 1, rules do
    local s = states[i]
    if admitted == 1 and fresh ~= '' then
      used[i].charge(KEYS[first + i], s, cost, fresh)
    else
      used[i].mend(KEYS[first + i], s)
    end
    reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = s.used, s.left, s.retry, s.token
    n = n + 4
  end
  first = first + rules
end
return reply
