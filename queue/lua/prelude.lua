-- prelude.lua stands in front of every script of this package that changes
-- something.
--
-- KEYS  all keys of one queue, in the order of keys.go; the last one is the
--       beginning of the names of the tasks' hashes. They share a Cluster slot.
--
-- A task's hash {queue}:task:<id> holds
--   payload   the bytes the producer wrote, never decoded here
--   size      how many those were, if payload is only the beginning of them
--   created   Redis time in ms when it was first claimed
--   attempts  runs that ended in an error
--   crashes   runs whose worker vanished
--   claim     token of the worker that runs it; absent while nobody does
--   lost      token of the claim that was last taken away
--   error     what went wrong last
--   died      Redis time in ms when it was given up; absent before
--
-- Redis does not roll a failed script back. Therefore what is added is written
-- before what it replaces is removed, here and in every script: a script that
-- stops half-way (out of memory, a key of a wrong type) may leave a task twice,
-- never not at all.

local pending, inbox, running, retry, suspects, dead, seq, reaper, tasks = unpack(KEYS)

-- now is the server's clock in ms, the only clock that the queue knows.
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- owns reports whether token still holds the task. A worker that comes back for
-- a claim it lost was frozen or cut off but did not die: its task is no suspect.
local function owns(id, token)
  local held = redis.call('HMGET', tasks .. id, 'claim', 'lost', 'crashes')
  if held[1] == token then
    return true
  end
  if held[2] == token then
    if tonumber(held[3] or '0') > 0 then
      redis.call('HINCRBY', tasks .. id, 'crashes', -1)
    end
    redis.call('HDEL', tasks .. id, 'lost')
  end
  return false
end

-- refused is what a script returns when owns was false: 0 if somebody else may
-- have the task, -1 if there is no such task (any more).
local function refused(id)
  return redis.call('EXISTS', tasks .. id) - 1
end

-- requeue makes a task due at a time. One more crash would condemn a suspect,
-- so it waits where only a worker takes it that runs nothing else.
local function requeue(id, due, max_crashes)
  local crashes = tonumber(redis.call('HGET', tasks .. id, 'crashes') or '0')
  local set = retry
  if crashes > 0 and crashes >= max_crashes - 1 then
    set = suspects
  end
  redis.call('ZADD', set, due, id)
  redis.call('HDEL', tasks .. id, 'claim')
  redis.call('ZREM', running, id)
end

-- curtail keeps the first bytes of a payload that can never run.
local function curtail(id, payload, keep)
  redis.call('HSET', tasks .. id, 'payload', string.sub(payload, 1, keep))
  if #payload > keep then
    redis.call('HSET', tasks .. id, 'size', #payload)
  end
end

-- bury moves a task to the dead letters, which keep the newest max_dead. The
-- oldest beyond that go, at most 100 at a time so that the script stays short.
local function bury(id, err, t, max_dead)
  redis.call('HSET', tasks .. id, 'error', err, 'died', t)
  redis.call('ZADD', dead, t, id)
  redis.call('HDEL', tasks .. id, 'claim')
  redis.call('ZREM', running, id)
  local excess = math.min(redis.call('ZCARD', dead) - max_dead, 100)
  if excess > 0 then
    for _, old in ipairs(redis.call('ZRANGE', dead, 0, excess - 1)) do
      redis.call('DEL', tasks .. old)
      redis.call('ZREM', dead, old)
    end
  end
end
