-- done.lua forgets tasks that were carried out.
--
-- Without prelude.lua, as fetch.lua.
--
-- KEYS  workers, meta, crashes, beginning of the names of the others, and the streams
--       by position
-- ARGV  1 worker
--       2 u, then u pairs of a unique key and the id of its task
--         c, then c ids of tasks that had crashed before
--         then for each stream its position, n, and n entries in ascending order
-- Returns 1, or -1 if the worker was struck off.
--
-- XDEL looks for each entry from the beginning of its node, past all that were deleted
-- before it. Nothing below the first entry that is still claimed is of use to anybody,
-- so one XTRIM up to there does for most of a batch, at a tenth of the cost.
--
-- Atomic, because a worker that was struck off must not finish what another one is
-- running.

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return -1
end

-- below tells whether the id of an entry is smaller than another one.
local function below(a, b)
  local am, as = string.match(a, '^(%d+)-(%d+)$')
  local bm, bs = string.match(b, '^(%d+)-(%d+)$')
  if am == bm then
    return #as < #bs or #as == #bs and as < bs
  end
  return #am < #bm or #am == #bm and am < bm
end

-- delete removes entries that were acknowledged, ARGV[first] to ARGV[last].
local function delete(stream, first, last)
  local oldest = redis.call('XPENDING', stream, 'workers')[2]
  if not oldest then
    oldest = ARGV[last] -- what was never delivered is younger
  end
  redis.call('XTRIM', stream, 'MINID', '=', oldest)
  local low, high = first, last + 1 -- the first that is left lies between them
  while low < high do
    local middle = math.floor((low + high) / 2)
    if below(ARGV[middle], oldest) then
      low = middle + 1
    else
      high = middle
    end
  end
  if low <= last then
    redis.call('XDEL', stream, unpack(ARGV, low, last))
  end
end

local i = 2
for _ = 1, tonumber(ARGV[i]) do
  local unique = KEYS[4] .. 'unique:' .. ARGV[i + 1]
  if redis.call('GET', unique) == ARGV[i + 2] then
    redis.call('DEL', unique)
  end
  i = i + 2
end
i = i + 1
for _ = 1, tonumber(ARGV[i]) do
  i = i + 1
  redis.call('HDEL', KEYS[3], ARGV[i])
end
i = i + 1
local total = 0
while ARGV[i] do
  local stream, n = KEYS[4 + ARGV[i]], tonumber(ARGV[i + 1])
  total = total + redis.call('XACK', stream, 'workers', unpack(ARGV, i + 2, i + 1 + n))
  delete(stream, i + 2, i + 1 + n)
  i = i + 2 + n
end
redis.call('HINCRBY', KEYS[2], 'processed', total)
return 1
