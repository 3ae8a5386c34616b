#!lua
-- Stamps for a fill: reads those that there are and makes those that are missing, unless an intent forbids it.
--
-- KEYS   1 shapes of the table   2 its intents   3 the number of its last void   4.. stamps
-- ARGV   1 nonce, fresh for this call     2 life of stamps, ms       3 most shapes
--        4 least time between sweeps, ms  5 incarnation              6 quarantine, ms; 0 where intents are not in use
--        7 how many shapes, then their fields; then for each stamp how many tokens, and the tokens
-- reply  {-1}: the shapes do not fit
--        {state, sentinel, number of the last void, nonce of each shape.., each stamp or nil..}; state 1: intents may have been lost, no stamps now
--
-- An intent is `deadline in ms` and row images, a line each: |column:class=hash|..|. A column that a line does not name
-- may hold anything.
local M, X, V = KEYS[1], KEYS[2], KEYS[3]
local nonce, life, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local pause, incarnation, quarantine, count = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local MOST_INTENTS = 32

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function ms(number) return string.format('%.0f', number) end

local book = redis.call('HMGET', M, 'g', 'w', 'i', 'x', 'q')
local state, blocked = 0, false
if quarantine > 0 then
  if book[3] ~= incarnation or not book[4] or not book[5] or redis.call('HGET', X, '~') ~= book[4] then
    -- Another server, or either key was lost and made anew: an intent may be missing until its lease would be over. Who
    -- has a shorter lease does not cut the quarantine of another short.
    local until_then = math.max(tonumber(book[5] or 0) or 0, now + quarantine)
    book[3], book[4], book[5] = incarnation, nonce, ms(until_then)
    redis.call('HSET', M, 'i', incarnation, 'x', nonce, 'q', book[5])
    redis.call('HSET', X, '~', nonce)
  end
  if tonumber(book[5]) > now then state, blocked = 1, true end
end

local fields = {}
for i = 1, count do fields[i] = ARGV[7 + i] end
local nonces = redis.call('HMGET', M, unpack(fields))
local new, added = {}, 0
for i = 1, count do
  if not nonces[i] then
    new[#new + 1] = i
    -- The shape without columns always fits: it is what takes the place of those that do not.
    if fields[i] ~= 's' then added = added + 1 end
  end
end
if added > 0 then
  local live = redis.call('HLEN', M)
  for i = 1, 5 do if book[i] then live = live - 1 end end
  if live + added > most then
    if count > most or (book[2] and now - tonumber(book[2]) < pause) then return {-1} end
    for _, field in ipairs(redis.call('HKEYS', M)) do
      if string.sub(field, 1, 1) == 's' then redis.call('HDEL', M, field) end
    end
    redis.call('HSET', M, 'w', ms(now))
    new = {}
    for i = 1, count do new[i] = i end
  end
end
if #new > 0 then
  if not book[2] then redis.call('HSETNX', M, 'w', ms(now)) end
  redis.call('HSET', M, 'g', nonce)
  for _, i in ipairs(new) do
    redis.call('HSET', M, fields[i], nonce)
    nonces[i] = nonce
  end
end
redis.call('SET', V, nonce, 'NX')
local void = redis.call('GET', V)

local rows, intents = {}, 0
if not blocked and redis.call('HLEN', X) > (quarantine > 0 and 1 or 0) then
  local all = redis.call('HGETALL', X)
  for i = 1, #all, 2 do
    if all[i] ~= '~' then
      local deadline, lines = string.match(all[i + 1], '^(%d+)\n(.*)$')
      if not deadline then
        -- Of another release: what it forbids is not known.
        blocked = true
      elseif tonumber(deadline) <= now then
        redis.call('HDEL', X, all[i])
      else
        intents = intents + 1
        for line in string.gmatch(lines, '[^\n]+') do rows[#rows + 1] = line end
      end
    end
  end
  if intents > MOST_INTENTS then blocked = true end
end

local function may_satisfy(row, first, last)
  for i = first, last do
    local column = string.match(ARGV[i], '^[^=]*=')
    if string.find(row, '|' .. column, 1, true) and not string.find(row, '|' .. ARGV[i] .. '|', 1, true) then
      return false
    end
  end
  return true
end

local reply = {state, book[4] or '', void}
for i = 1, count do reply[#reply + 1] = nonces[i] end
local at = 8 + count
for k = 4, #KEYS do
  local last = at + tonumber(ARGV[at])
  local forbidden = blocked
  for i = 1, #rows do
    if forbidden then break end
    forbidden = may_satisfy(rows[i], at + 1, last)
  end
  at = last + 1
  if forbidden then
    reply[#reply + 1] = false
  else
    local stamp = redis.call('GET', KEYS[k])
    if not stamp then
      redis.call('SET', KEYS[k], nonce, 'PX', ms(life))
      stamp = nonce
    elseif redis.call('PTTL', KEYS[k]) < life / 2 then
      redis.call('PEXPIRE', KEYS[k], ms(life))
    end
    reply[#reply + 1] = stamp
  end
end
return reply
