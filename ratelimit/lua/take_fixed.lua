-- Charges subjects under one rule with a fixed window each, one after the other: what
-- take.lua does, without what this usual charge does not need.
--
-- KEYS[i]           counter of charge i
-- ARGV[1]           identifier for windows that begin now; empty: only look
-- ARGV[3i-1], …[+2] cost, limit and window (ms) of charge i
--
-- Returns for each charge {1 where admitted or else 0, count, ms until the window ends
-- or 0 where none has begun, the window's identifier}, in one list. See take.lua and
-- fixed.lua for the reasons.

local fresh = ARGV[1]
local reply = {}

for i = 1, #KEYS do
  local key, at = KEYS[i], 3 * i - 1
  local cost, length = tonumber(ARGV[at]), tonumber(ARGV[at + 2])
  local admitted, count, left, window = 1, 0, 0, ''

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

  if count + cost > tonumber(ARGV[at + 1]) then
    admitted = 0
  elseif fresh ~= '' then
    if left == 0 then
      redis.call('HSET', key, 'count', ARGV[at], 'window', fresh)
      redis.call('PEXPIRE', key, length)
      count, left, window = cost, length, fresh
    else
      if window == '' then
        redis.call('HSET', key, 'window', fresh)
        window = fresh
      end
      count = redis.call('HINCRBY', key, 'count', ARGV[at])
    end
  end
  at = 4 * i
  reply[at - 3], reply[at - 2], reply[at - 1], reply[at] = admitted, count, left, window
end
return reply
