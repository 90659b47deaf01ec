-- clock.lua tells the time of the server that holds the queue.
--
-- Returns Redis time in ms.
--
-- A script, because TIME has no key and may be answered by another node.

return now()
