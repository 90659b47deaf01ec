-- Charges one subject under several rules: all of them, or none. Fixed windows.
--
-- KEYS[i]           counter of rule i
-- ARGV[1]           cost
-- ARGV[2]           identifier for windows that begin now; empty: only look
-- ARGV[1+2i], …[+1] limit and window (ms) of rule i
--
-- Returns {1 where admitted or else 0, then for each rule: count, ms until the
-- window ends or 0 where none has begun, the window's identifier}. Counts are those
-- after the charge.
--
-- Atomic, because another request between the look and the charge would be admitted
-- beyond the limit, because rules must not be charged that are followed by one that
-- refuses, and because a counter without TTL would deny for ever.
--
-- PTTL is Redis's clock. A key with 0 ms left counts as gone, so that a request which
-- comes exactly when it was told to is not early.
--
-- What somebody else wrote is mended: another type or no number begins a new window;
-- no TTL, or one longer than the window, becomes the window's length.

local cost = tonumber(ARGV[1])
local fresh = ARGV[2]
local counts, left, windows = {}, {}, {}
local admitted = 1

for i = 1, #KEYS do
  local limit, length = tonumber(ARGV[1 + 2 * i]), tonumber(ARGV[2 + 2 * i])
  local got = redis.pcall('HMGET', KEYS[i], 'count', 'window')
  if got.err then
    if not string.find(got.err, 'WRONGTYPE', 1, true) then
      return got
    end
    redis.call('DEL', KEYS[i])
    got = {false, false}
  end
  local count = got[1]
  counts[i], left[i], windows[i] = 0, 0, ''
  -- Up to 15 digits, which Lua's numbers hold exactly.
  if count and (count == '0' or #count <= 15 and string.find(count, '^[1-9]%d*$')) then
    local ttl = redis.call('PTTL', KEYS[i])
    if ttl < 0 or ttl > length then
      redis.call('PEXPIRE', KEYS[i], length)
      ttl = length
    end
    if ttl > 0 then
      counts[i], left[i], windows[i] = tonumber(count), ttl, got[2] or ''
    end
  end
  if counts[i] + cost > limit then
    admitted = 0
  end
end

if admitted == 1 and fresh ~= '' then
  for i = 1, #KEYS do
    if left[i] == 0 then
      local length = tonumber(ARGV[2 + 2 * i])
      redis.call('HSET', KEYS[i], 'count', cost, 'window', fresh)
      redis.call('PEXPIRE', KEYS[i], length)
      counts[i], left[i], windows[i] = cost, length, fresh
    else
      counts[i] = redis.call('HINCRBY', KEYS[i], 'count', cost)
      if windows[i] == '' then
        redis.call('HSET', KEYS[i], 'window', fresh)
        windows[i] = fresh
      end
    end
  end
end

local reply = {admitted}
for i = 1, #KEYS do
  reply[#reply + 1] = counts[i]
  reply[#reply + 1] = left[i]
  reply[#reply + 1] = windows[i]
end
return reply
