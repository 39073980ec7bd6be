-- progress: how far a run is, for those who look now. Volatile: a key that runs out, and a publish.
-- KEYS[1] hash tag
-- ARGV[1] file id, [2] message (JSON), [3] seconds that it is kept
redis.call('SET', K.live(ARGV[1]), ARGV[2], 'EX', ARGV[3])
redis.call('PUBLISH', K.progressChannel(), ARGV[2])
return 1
