-- Returns the generations of tags, and makes those that are missing.
--
-- KEYS     the tags' keys, all in one slot
-- ARGV[1]  a token that was never used before
-- ARGV[2]  how long a generation must live on, in milliseconds
--
-- Returns the generations in the order of KEYS, with commas between them.
--
-- A generation is made for twice that life and prolonged when half of it is over:
-- each change of its key makes the local tiers drop what has the tag.
--
-- Atomic, because two loads that both find a generation missing must agree on one.

local life = tonumber(ARGV[2])
local mark = {}
for i, key in ipairs(KEYS) do
  local generation = redis.pcall('GET', key)
  if type(generation) ~= 'string' then
    generation = ARGV[1]
    redis.call('SET', key, generation, 'PX', 2 * life)
  elseif redis.call('PTTL', key) < life then
    redis.call('PEXPIRE', key, 2 * life)
  end
  mark[i] = generation
end
return table.concat(mark, ',')
