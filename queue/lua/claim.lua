-- claim.lua gives up to n tasks to one worker: new ones and those whose retry is
-- due, in turn, so that a flood of either does not starve the other.
--
-- ARGV  1 token of the claim, never used before
--       2 lease in ms
--       3 n, how many tasks at most
--       4 '1' if the worker runs nothing: it may then get one suspect, alone
--       5 largest payload in bytes; a larger one becomes a dead letter
--       6 bytes of payloads after which no further one is looked at
--       7 cap of the dead letters
--       8 error text for a payload that is too large
--       9 bytes to keep of such a payload
-- Returns {wait, suspects, alone, buried, task...}
--       wait      ms until the next retry is due, -1 if there is none
--       suspects  how many due suspects wait for a worker that runs nothing
--       alone     1 if the one task is a suspect
--       buried    {id...} of the payloads that were too large
--       task      {id, payload, attempts, crashes, created}
--
-- Atomic, because a task must be in exactly one place: two workers must not take
-- the same one, and one that died between taking and noting would lose it.

local token, lease, want = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local max_payload, max_bytes, max_dead = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local t = now()
local taken, buried, bytes = {}, {}, 0

local function hold(id, payload, attempts, crashes, created)
  redis.call('ZADD', running, t + lease, id)
  bytes = bytes + #payload
  taken[#taken + 1] = {id, payload, attempts or '0', crashes or '0', created or '0'}
end

-- take_due claims the first due task of a sorted set. It returns false when
-- there is none.
local function take_due(set)
  local id = redis.call('ZRANGEBYSCORE', set, '-inf', t, 'LIMIT', 0, 1)[1]
  if not id then
    return false
  end
  local task = redis.call('HMGET', tasks .. id, 'payload', 'attempts', 'crashes', 'created')
  if task[1] then
    redis.call('HSET', tasks .. id, 'claim', token)
    hold(id, task[1], task[2], task[3], task[4])
  end
  redis.call('ZREM', set, id)
  return true
end

-- take_new claims the oldest payload that has no id yet. What was moved to the
-- inbox is older than what is pending.
local function take_new()
  local list = inbox
  local payload = redis.call('LINDEX', list, -1)
  if not payload then
    list = pending
    payload = redis.call('LINDEX', list, -1)
  end
  if not payload then
    return false
  end
  local id = string.format('%.0f-%.0f', t, redis.call('INCR', seq))
  redis.call('HSET', tasks .. id, 'created', t, 'attempts', 0, 'crashes', 0)
  if #payload > max_payload then
    curtail(id, payload, tonumber(ARGV[9]))
    bury(id, ARGV[8], t, max_dead)
    buried[#buried + 1] = id
    bytes = bytes + #payload
  else
    redis.call('HSET', tasks .. id, 'payload', payload, 'claim', token)
    hold(id, payload, nil, nil, string.format('%.0f', t))
  end
  redis.call('RPOP', list)
  return true
end

if ARGV[4] == '1' and take_due(suspects) and #taken > 0 then
  return {-1, 0, 1, buried, taken[1]}
end

local due_turn = tonumber(redis.call('GET', seq) or '0') % 2 == 0
local took_due = false
for _ = 1, want do
  local found
  if due_turn then
    found = take_due(retry)
    took_due = took_due or found
    found = found or take_new()
  else
    found = take_new()
    if not found then
      found = take_due(retry)
      took_due = took_due or found
    end
  end
  if not found or bytes >= max_bytes then
    break
  end
  due_turn = not due_turn
end
if took_due then
  redis.call('INCR', seq) -- so that the next claim begins with the other kind
end

local wait = -1
if #taken == 0 then
  local first = redis.call('ZRANGE', retry, 0, 0, 'WITHSCORES')
  if first[2] then
    wait = math.max(0, math.ceil(tonumber(first[2]) - t))
  end
end
local reply = {wait, redis.call('ZCOUNT', suspects, '-inf', t), 0, buried}
for i = 1, #taken do
  reply[#reply + 1] = taken[i]
end
return reply
