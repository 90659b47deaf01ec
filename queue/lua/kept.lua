-- kept.lua retries or deletes tasks that are scheduled, retried or dead.
--
-- ARGV  1 'retry' or 'delete'
--       2 'scheduled', 'retrying' or 'dead': only tasks that are; '' for all of these
--       then ids
-- Returns {n, curtailed...}: how many there were, and the ids of those that cannot be
-- retried because only the beginning of their payload is left.
--
-- Atomic, because two callers must not revive the same task twice, and because a task
-- that has left its state meanwhile must not be deleted for having been there.

even_if_full()
local reply, t = {0}, now()
local only = ({scheduled = scheduled, retrying = retry, dead = dead})[ARGV[2]]
for i = 3, #ARGV do
  local id = ARGV[i]
  local key = base .. 'task:' .. id
  local is_dead = redis.call('ZSCORE', dead, id)
  local set = is_dead and dead or redis.call('ZSCORE', retry, id) and retry or
    redis.call('ZSCORE', scheduled, id) and scheduled
  if set and (not only or set == only) and redis.call('EXISTS', key) == 1 then
    if ARGV[1] == 'delete' then
      erase(id)
      redis.call('ZREM', set, id)
      reply[1] = reply[1] + 1
    elseif redis.call('HEXISTS', key, 'size') == 1 then
      reply[#reply + 1] = id
    else
      if is_dead then
        redis.call('HDEL', key, 'attempts', 'crashes', 'died', 'deadline')
        redis.call('HDEL', crashes, id)
        redis.call('ZADD', retry, t, id)
        redis.call('ZREM', dead, id)
      else
        redis.call('ZADD', set, t, id)
      end
      reply[1] = reply[1] + 1
    end
  end
end
return reply
