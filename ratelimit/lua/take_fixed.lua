-- Charges one subject under one rule with a fixed window: what take.lua does, without
-- the loops. It is the usual charge.
--
-- KEYS[1]  counter
-- ARGV[1]  cost
-- ARGV[2]  identifier for a window that begins now; empty: only look
-- ARGV[3]  limit
-- ARGV[4]  window (ms)
--
-- Returns what take.lua returns. See there and fixed.lua for the reasons.

local key, cost, fresh = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local limit, length = tonumber(ARGV[3]), tonumber(ARGV[4])
local count, left, window = 0, 0, ''

local got = redis.pcall('HMGET', key, 'count', 'window')
if got.err then
  if not string.find(got.err, 'WRONGTYPE', 1, true) then
    return got
  end
  redis.call('DEL', key)
else
  local text = got[1]
  if text and (text == '0' or #text <= 15 and string.find(text, '^[1-9]%d*$')) then
    local ttl = redis.call('PTTL', key)
    if ttl < 0 or ttl > length then
      redis.call('PEXPIRE', key, length)
      ttl = length
    end
    if ttl > 0 then
      count, left, window = tonumber(text), ttl, got[2] or ''
    end
  end
end

if count + cost > limit then
  return {0, count, left, 0, window}
end
if fresh == '' then
  return {1, count, left, 0, window}
end
if left == 0 then
  redis.call('HSET', key, 'count', cost, 'window', fresh)
  redis.call('PEXPIRE', key, length)
  return {1, cost, length, 0, fresh}
end
if window == '' then
  redis.call('HSET', key, 'window', fresh)
  window = fresh
end
return {1, redis.call('HINCRBY', key, 'count', cost), left, 0, window}
