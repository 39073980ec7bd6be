-- read-files: records of files for showing, all as of one moment.
-- KEYS[1] hash tag
-- ARGV file ids, 500 at most
-- Returns, for each, {rev, progress, input, live progress}, each false where there is none.
local rows = {}
for at, id in ipairs(ARGV) do
  local row = redis.call('HMGET', K.file(id), 'rev', 'p', 'i')
  row[4] = redis.call('GET', K.live(id))
  rows[at] = row
end
return rows
