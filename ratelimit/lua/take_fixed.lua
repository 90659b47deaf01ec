-- Charges subjects under one rule with a fixed window each, one after the other: what
-- take.lua does, without what this usual charge does not need.
--
-- KEYS[i]  counter of charge i
-- ARGV[1]  identifier for windows that begin now; empty: only look
-- ARGV[2…] for each run of charges of the same kind: their number, cost, limit and
--          window (ms). To read them once saves a tenth of the time.
--
-- Returns for each charge {1 where admitted or else 0, count, ms until the window ends
-- or 0 where none has begun, the window's identifier}, in one list. See take.lua and
-- fixed.lua for the reasons.
--
-- Charges of a subject that follow each other, as those of a busy one do, read its
-- counter once and write it once, after the last of them.

local call, pcall, find, format = redis.call, redis.pcall, string.find, string.format
local fresh = ARGV[1]
local reply = {}
local at, run = -2, 0
local costText, cost, limit, length

-- The counter at hand, and what is to be written of it: an increment, or both fields
-- where they are begun anew, and a TTL.
local held, count, left, window
local added, begun, ttl

for i = 1, #KEYS + 1 do
  local key = KEYS[i]
  if key ~= held then
    if begun then
      call('HSET', held, 'count', format('%.0f', count), 'window', window)
    elseif added then -- a text is cheaper to pass on than a number
      call('HINCRBY', held, 'count', type(added) == 'string' and added or format('%.0f', added))
    end
    if ttl then
      call('PEXPIRE', held, ttl)
    end
    if not key then
      break
    end

    held, count, left, window = key, 0, 0, ''
    added, begun, ttl = nil, false, nil
    local got = pcall('HMGET', key, 'count', 'window')
    if got.err then
      if not find(got.err, 'WRONGTYPE', 1, true) then
        return got
      end
      call('DEL', key)
    else
      local text = got[1]
      if text and (text == '0' or #text <= 15 and find(text, '^[1-9]%d*$')) then
        left = call('PTTL', key)
        if left < 0 then
          left = math.huge -- more than any window
        end
        if left > 0 then
          count, window = tonumber(text), got[2] or ''
        end
      end
    end
  end

  if run == 0 then
    at = at + 4
    run, costText = tonumber(ARGV[at]), ARGV[at + 1]
    cost, limit, length = tonumber(costText), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  end
  run = run - 1
  if left > length then
    left, ttl = length, length
  end
  local admitted = 1
  if count + cost > limit then
    admitted = 0
  elseif fresh ~= '' then
    if left == 0 then
      left, window, begun, ttl = length, fresh, true, length
    elseif window == '' then
      window, begun = fresh, true
    end
    count, added = count + cost, added and added + cost or costText
  end
  local to = 4 * i
  reply[to - 3], reply[to - 2], reply[to - 1], reply[to] = admitted, count, left, window
end
return reply
