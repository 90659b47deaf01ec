-- Redis's time in microseconds. A part of scripts, not one. It is below 2^53 until the
-- year 2255, so Lua's numbers hold it exactly; '..' and tostring do not.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
