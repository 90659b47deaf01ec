-- stats.lua counts the tasks of a queue in each of their states.
--
-- Returns {pending, running, retrying, dead}
--
-- Atomic, so that a task that moves meanwhile is counted once.

return {
  redis.call('LLEN', pending) + redis.call('LLEN', inbox),
  redis.call('ZCARD', running),
  redis.call('ZCARD', retry) + redis.call('ZCARD', suspects),
  redis.call('ZCARD', dead),
}
