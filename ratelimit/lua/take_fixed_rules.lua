-- Charges subjects under several rules with fixed windows, one after the other: what
-- take.lua does, without what these charges do not need, in two thirds of the time.
--
-- KEYS     the counters: for each charge one per rule
-- ARGV[1]  identifier for windows that begin now; empty: only look
-- ARGV[2…] for each run of charges of the same kind: their number, cost, number of
--          rules, and for each rule limit and window (ms)
--
-- Returns one list: for each charge 1 where admitted or else 0, and for each of its
-- rules count, ms until the window ends or 0 where none has begun, and the window's
-- identifier. See take.lua and fixed.lua for the reasons.
--
-- Charges of a subject that follow each other in a run read its counters once and write
-- them once: see take_fixed.lua. Where the first key is the same, so are the others.

local call, pcall, find, format = redis.call, redis.pcall, string.find, string.format
local fresh = ARGV[1]
local reply, n = {}, 0
local at, run, first, rules = 2, 0, 0, 0
local costText, cost
local limits, lengths = {}, {}

-- The counters at hand, and what is to be written of them: an increment, or both fields
-- where they are begun anew, and a TTL.
local held
local counts, lefts, windows = {}, {}, {}
local added, begun, ttls = nil, {}, {}

local function write(before)
  for i = 1, rules do
    local key = KEYS[before + i]
    if begun[i] then
      call('HSET', key, 'count', format('%.0f', counts[i]), 'window', windows[i])
      begun[i] = nil
    elseif added then -- a text is cheaper to pass on than a number
      call('HINCRBY', key, 'count', type(added) == 'string' and added or format('%.0f', added))
    end
    if ttls[i] then
      call('PEXPIRE', key, ttls[i])
      ttls[i] = nil
    end
  end
end

-- Returns Redis's refusal, if any.
local function read(i, key)
  local count, left, window = 0, 0, ''
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
      if left < 0 or left > lengths[i] then
        left, ttls[i] = lengths[i], lengths[i]
      end
      if left > 0 then
        count, window = tonumber(text), got[2] or ''
      end
    end
  end
  counts[i], lefts[i], windows[i] = count, left, window
end

while true do
  local key = KEYS[first + 1]
  if run == 0 or key ~= held then
    if held then
      write(first - rules)
    end
    if not key then
      return reply
    end
    if run == 0 then
      run, costText, rules = tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
      cost, at = tonumber(costText), at + 3
      for i = 1, rules do
        limits[i], lengths[i] = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
        at = at + 2
      end
    end
    held, added = key, nil
    for i = 1, rules do
      local refusal = read(i, KEYS[first + i])
      if refusal then
        return refusal
      end
    end
  end
  run = run - 1

  local admitted = 1
  for i = 1, rules do
    if counts[i] + cost > limits[i] then
      admitted = 0
    end
  end
  n = n + 1
  reply[n] = admitted
  local charging = admitted == 1 and fresh ~= ''
  if charging then
    added = added and added + cost or costText
  end
  for i = 1, rules do
    if charging then
      if lefts[i] == 0 then
        lefts[i], windows[i], begun[i], ttls[i] = lengths[i], fresh, true, lengths[i]
      elseif windows[i] == '' then
        windows[i], begun[i] = fresh, true
      end
      counts[i] = counts[i] + cost
    end
    reply[n + 1], reply[n + 2], reply[n + 3] = counts[i], lefts[i], windows[i]
    n = n + 3
  end
  first = first + rules
end
