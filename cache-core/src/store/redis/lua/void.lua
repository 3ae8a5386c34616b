#!lua flags=allow-oom
-- An invalidation, after COMMIT: unlinks stamps, renews the nonces of shapes, ends an intent.
--
-- KEYS   1 shapes of the table   2 its intents   3 the number of its last void   4.. stamps
-- ARGV   1 nonce of the set of shapes that the keys were made for; '' for none   2 transaction; '' for none
--        3 nonce, fresh for this call   4 `1` with the last of the stamps, else `0`
--        5.. fields of shapes of which anything may be concerned; `*` for all shapes
-- reply  {nonce of the set, bits, fields of all shapes or nil}; a bit for each stamp: whether there was one
--
-- Fields in the reply say that the set is another one: the caller makes the keys for it and calls again. Only then the
-- intent ends. What is not of the type that it should be is unlinked: losing it is a miss.
local M, X, V = KEYS[1], KEYS[2], KEYS[3]
local nonce, last = ARGV[3], ARGV[4] == '1'
local set = redis.pcall('HGET', M, 'g')
if type(set) == 'table' then
  redis.call('UNLINK', M)
  set = false
end
set = set or ''
redis.call('SET', V, nonce, 'XX')

local bits = {}
for k = 4, #KEYS do bits[#bits + 1] = redis.call('UNLINK', KEYS[k]) end

local function finish()
  if ARGV[2] ~= '' and last then
    local ended = redis.pcall('HDEL', X, ARGV[2])
    if type(ended) == 'table' then redis.call('UNLINK', X) end
  end
end

local function fields()
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', M)) do
    if string.sub(field, 1, 1) == 's' then found[#found + 1] = field end
  end
  return found
end

if ARGV[5] == '*' then
  for _, field in ipairs(fields()) do redis.call('HSET', M, field, nonce) end
  finish()
  return {set, table.concat(bits), false}
end
for i = 5, #ARGV do
  if redis.call('HEXISTS', M, ARGV[i]) == 1 then redis.call('HSET', M, ARGV[i], nonce) end
end
if set ~= ARGV[1] then return {set, table.concat(bits), fields()} end
finish()
return {set, table.concat(bits), false}
