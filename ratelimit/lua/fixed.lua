-- Fixed windows. A part of take.lua, not a script.
--
-- State: a hash of count and window, the identifier. It expires with the window.
-- Arguments: limit, window (ms). Reports: count, ms until the window ends or 0 where
-- none has begun, 0, the identifier.
--
-- PTTL is Redis's clock. A key with 0 ms left counts as gone, so that a request which
-- comes exactly when it was told to is not early.
--
-- What somebody else wrote is mended: another type or no number begins a new window;
-- no TTL, or one longer than the window, becomes the window's length.

algorithms.fixed = {
  arguments = 2,

  look = function(key, at, cost)
    local s = {used = 0, left = 0, retry = 0, token = ''}
    s.length = tonumber(ARGV[at + 1])
    local got = redis.pcall('HMGET', key, 'count', 'window')
    if got.err then
      if not string.find(got.err, 'WRONGTYPE', 1, true) then
        return got
      end
      redis.call('DEL', key)
      got = {false, false}
    end
    local count = got[1]
    -- Up to 15 digits, which Lua's numbers hold exactly.
    if count and (count == '0' or #count <= 15 and string.find(count, '^[1-9]%d*$')) then
      local ttl = redis.call('PTTL', key)
      if ttl < 0 or ttl > s.length then
        redis.call('PEXPIRE', key, s.length)
        ttl = s.length
      end
      if ttl > 0 then
        s.used, s.left, s.token = tonumber(count), ttl, got[2] or ''
      end
    end
    s.refused = s.used + cost > tonumber(ARGV[at])
    return s
  end,

  charge = function(key, s, cost, fresh)
    if s.left == 0 then
      redis.call('HSET', key, 'count', cost, 'window', fresh)
      redis.call('PEXPIRE', key, s.length)
      s.used, s.left, s.token = cost, s.length, fresh
      return
    end
    s.used = redis.call('HINCRBY', key, 'count', cost)
    if s.token == '' then
      redis.call('HSET', key, 'window', fresh)
      s.token = fresh
    end
  end,

  mend = function() end, -- look did
}
