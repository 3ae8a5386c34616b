#!lua flags=allow-oom
-- Gives a lease back, if it is still held by its holder.
--
-- KEYS   1 lease
-- ARGV   1 token of the holder
-- reply  1 if it was given back, else 0
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
