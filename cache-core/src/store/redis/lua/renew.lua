#!lua flags=allow-oom
-- Puts off the end of a lease, if it is still held by its holder.
--
-- KEYS   1 lease
-- ARGV   1 token of the holder, 2 milliseconds from now
-- reply  1 if it is still held, else 0
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
