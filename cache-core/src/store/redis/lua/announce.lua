#!lua flags=allow-oom
-- An intent, before COMMIT: forbids new stamps that its rows may concern, and unlinks those that there are.
--
-- KEYS   1 shapes of the table   2 its intents   3 the number of its last void   4.. stamps
-- ARGV   1 nonce of the set of shapes that the keys were made for; '' for none   2 transaction
--        3 nonce, fresh for this call   4 lease, ms   5 row images, a line each
--        6.. fields of shapes of which anything may be concerned; `*` for all shapes
-- reply  {nonce of the set, bits, fields of all shapes or nil}; a bit for each stamp: whether there was one
--
-- Fields in the reply say that the set is another one: the caller makes the keys for it and calls again. The intent stands
-- from the first call on, so that nothing can be stamped meanwhile. A later call only puts its end off.
local M, X = KEYS[1], KEYS[2]
local nonce = ARGV[3]
local set = redis.call('HGET', M, 'g') or ''

local clock = redis.call('TIME')
local deadline = clock[1] * 1000 + math.floor(clock[2] / 1000) + tonumber(ARGV[4])
redis.call('HSET', X, ARGV[2], string.format('%.0f', deadline) .. '\n' .. ARGV[5])

local bits = {}
for k = 4, #KEYS do bits[#bits + 1] = redis.call('UNLINK', KEYS[k]) end

local function fields()
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', M)) do
    if string.sub(field, 1, 1) == 's' then found[#found + 1] = field end
  end
  return found
end

if ARGV[6] == '*' then
  for _, field in ipairs(fields()) do redis.call('HSET', M, field, nonce) end
  return {set, table.concat(bits), false}
end
for i = 6, #ARGV do
  if redis.call('HEXISTS', M, ARGV[i]) == 1 then redis.call('HSET', M, ARGV[i], nonce) end
end
return {set, table.concat(bits), set ~= ARGV[1] and fields()}
