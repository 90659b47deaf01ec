-- prelude.lua stands in front of every script of this package.
--
-- KEYS  all keys of one queue, in the order of keys.go; the last one is the
--       beginning of the names of the others. They share a Cluster slot.
--
-- A task is a list of fields: in an entry of a stream while it waits or runs, in
-- the hash {queue}:task:<id> while it is scheduled, retried or dead.
--   id            never changes
--   type          may be missing
--   payload       the bytes the producer wrote, never decoded here
--   size          how many those were, if payload is only the beginning of them
--   priority      1, -1, or missing for 0
--   created       Redis time in ms when it came, once it has left its first entry
--   attempts      runs that ended in an error
--   crashes       runs whose worker vanished, as of the last move; {queue}:crashes
--                 holds what counts
--   max_attempts, timeout, deadline   see NewTask; ms
--   unique        see NewTask
--   error         what went wrong last
--   died          Redis time in ms when it was given up
--
-- Who holds a claim: an entry that was delivered belongs to its consumer as long
-- as that consumer stands in the sorted set of workers. The reaper strikes a
-- worker off there first and moves its entries then, so a worker that was taken
-- for dead changes nothing any more: one look fences a whole batch. The sorted set of
-- those that have gone keeps the ends of their leases for an hour.
--
-- Redis does not roll a failed script back. Therefore what is added is written
-- before what it replaces is removed, here and in every script: a script that
-- stops half-way (out of memory, a key of a wrong type) may leave a task twice,
-- never not at all.
--
-- A full Redis refuses what may need memory. A queue must not stand still for that: what
-- is carried out makes room. So scripts that only move tasks, or say that a worker lives,
-- begin with even_if_full; those that add some do not.

local list, inbox, again, high, normal, low, suspects, scheduled, retry, dead,
  workers, gone, crashes, meta, reaper, cron, base = unpack(KEYS)
local streams = {again, high, normal, low, suspects}
local group = 'workers'

-- even_if_full lets a script run when Redis has no memory left: it does not refuse what
-- comes after a write, because a script must not stop half-way. This one writes nothing;
-- there is no such key. The flag allow-oom, which says the same, is new in Redis 7.
local function even_if_full()
  redis.call('DEL', base .. 'none')
end

-- now is the server's clock in ms, the only clock that the queue knows.
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function number(n)
  return string.format('%.0f', n)
end

local function alive(worker)
  return redis.call('ZSCORE', workers, worker)
end

-- came is when an entry was added, which stands in its id.
local function came(entry)
  return string.match(entry, '^%d+')
end

-- count reads a number that others may have written: 0 for what is none.
local function count(text)
  return text and #text < 10 and string.match(text, '^%d+$') and tonumber(text) or 0
end

-- task makes a table of an entry's fields.
local function task(fields, entry)
  local t = {}
  for i = 1, #fields, 2 do
    t[fields[i]] = fields[i + 1]
  end
  if entry then
    if not t.id or t.id == '' then
      t.id = entry
    end
    t.created = t.created or came(entry)
  end
  t.payload = t.payload or ''
  return t
end

local function fields(t)
  local f = {}
  for name, value in pairs(t) do
    f[#f + 1] = name
    f[#f + 1] = value
  end
  return f
end

-- claimed returns the task of an entry, or nil if there is none (any more).
local function claimed(stream, entry)
  local found = redis.call('XRANGE', stream, entry, entry)[1]
  return found and task(found[2], entry)
end

-- by_priority is the stream in which a task waits for its turn. One more crash
-- would condemn a suspect, so it waits where only a worker takes it that runs
-- nothing else.
local function by_priority(t, max_crashes)
  local n = count(t.crashes)
  if n > 0 and n >= max_crashes - 1 then
    return suspects
  elseif t.priority == '1' then
    return high
  elseif t.priority == '-1' then
    return low
  end
  return normal
end

local function wait_in(stream, t)
  redis.call('XADD', stream, '*', unpack(fields(t)))
end

-- keep puts a task into one of the sorted sets.
local function keep(set, score, t)
  redis.call('HSET', base .. 'task:' .. t.id, unpack(fields(t)))
  redis.call('ZADD', set, score, t.id)
end

local function forget_entry(stream, entry)
  redis.call('XACK', stream, group, entry)
  redis.call('XDEL', stream, entry)
end

-- release lets another task with the same unique key in.
local function release(unique, id)
  if unique and redis.call('GET', base .. 'unique:' .. unique) == id then
    redis.call('DEL', base .. 'unique:' .. unique)
  end
end

-- erase forgets a task that is kept.
local function erase(id)
  release(redis.call('HGET', base .. 'task:' .. id, 'unique'), id)
  redis.call('HDEL', crashes, id)
  redis.call('DEL', base .. 'task:' .. id)
end

-- bury makes a task a dead letter. The newest max_dead are kept; the oldest beyond
-- that go, at most 100 at a time so that the script stays short. Of a payload that
-- can never run the first cut bytes are kept, where cut is not 0.
local function bury(t, err, died, max_dead, cut)
  if cut > 0 and #t.payload > cut then
    t.size = t.size or tostring(#t.payload)
    t.payload = string.sub(t.payload, 1, cut)
  end
  t.error, t.died = err, number(died)
  keep(dead, died, t)
  redis.call('HINCRBY', meta, 'died', 1)
  local excess = math.min(redis.call('ZCARD', dead) - max_dead, 100)
  if excess > 0 then
    for _, id in ipairs(redis.call('ZRANGE', dead, 0, excess - 1)) do
      erase(id)
      redis.call('ZREM', dead, id)
    end
  end
end

-- held_by lists what a worker has claimed of a stream, each {entry, ...}. Where the
-- stream or its group is missing that is nothing.
local function held_by(worker, stream, most)
  local found = redis.pcall('XPENDING', stream, group, '-', '+', most, worker)
  return found.err and {} or found
end

-- held tells how many entries of a stream are claimed.
local function held(stream)
  local p = redis.pcall('XPENDING', stream, group)
  return p.err and 0 or p[1]
end
