-- upkeep.lua puts tasks whose time has come, and what was pushed to the plain list, in
-- their places. fetch.lua says when there is something to do.
--
-- ARGV  1 how many of each kind at most
--       2 '1' if the plain list is to be drained
--       3 largest payload in bytes that is taken from it; a larger one becomes a
--         dead letter
--       4 number of crashes after which a task is given up
--       5 cap of the dead letters
--       6 bytes to keep of a payload that is too large
--       7 error text for one
-- Returns {id...} of the payloads that were too large.
--
-- Atomic, because what is moved must be in exactly one place.

local most, max_payload = tonumber(ARGV[1]), tonumber(ARGV[3])
local max_crashes, max_dead = tonumber(ARGV[4]), tonumber(ARGV[5])
local t = now()

-- promote puts the tasks of a sorted set whose time has come in their streams.
local function promote(set)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', set, '-inf', t, 'LIMIT', 0, most)) do
    local found = redis.call('HGETALL', base .. 'task:' .. id)
    if #found > 0 then
      local due = task(found)
      due.crashes = redis.call('HGET', crashes, id) or nil
      wait_in(by_priority(due, max_crashes), due)
      redis.call('DEL', base .. 'task:' .. id)
    end
    redis.call('ZREM', set, id)
  end
end

-- drain moves what was pushed to the plain list to the stream, the oldest first:
-- what a waiting worker moved to the inbox is older than what is in the list.
local buried = {}
local function drain()
  for _ = 1, most do
    local from = inbox
    local payload = redis.call('LINDEX', from, -1)
    if not payload then
      from = list
      payload = redis.call('LINDEX', from, -1)
    end
    if not payload then
      return
    end
    local new = {
      id = number(t) .. '-' .. number(redis.call('HINCRBY', meta, 'seq', 1)),
      created = number(t), payload = payload,
    }
    if #payload > max_payload then
      bury(new, ARGV[7], t, max_dead, tonumber(ARGV[6]))
      buried[#buried + 1] = new.id
    else
      wait_in(normal, new)
    end
    redis.call('RPOP', from)
  end
end

even_if_full()
promote(scheduled)
promote(retry)
if ARGV[2] == '1' then
  drain()
end
return buried
