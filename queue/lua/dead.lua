-- dead.lua lists dead letters, the newest first.
--
-- ARGV  1 how many at most
--       2 bytes of each payload at most
-- Returns {letter...}, each {id, payload, size, error, attempts, crashes, created, died}.
--
-- One script, because a letter may be revived between its id and its fields.

local letters = {}
for _, id in ipairs(redis.call('ZREVRANGE', dead, 0, tonumber(ARGV[1]) - 1)) do
  local f = redis.call('HMGET', tasks .. id, 'payload', 'error', 'attempts', 'crashes', 'created', 'died', 'size')
  if f[1] then
    letters[#letters + 1] = {
      id, string.sub(f[1], 1, tonumber(ARGV[2])), f[7] or #f[1],
      f[2] or '', f[3] or '0', f[4] or '0', f[5] or '0', f[6] or '0',
    }
  end
end
return letters
