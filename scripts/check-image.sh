#!/bin/sh
# Part of `npm run check:image`: reads the compose file in each of its forms where there is docker compose, and tries the alarms.
set -e
cd "$(dirname "$0")/.."
if docker compose version >/dev/null 2>&1; then
  docker compose --profile '*' config -q
  docker compose --env-file docker/sandbox.env config -q
  API_KEYS=a:b docker compose -f docker-compose.yml -f docker/public.yml config -q
else
  echo 'No docker compose here: docker-compose.yml was not read by it (npm test reads it, too).' >&2
fi
if command -v promtool >/dev/null 2>&1; then
  promtool check rules ops/prometheus/alerts.yml >/dev/null
  promtool test rules ops/prometheus/alerts.test.yml >/dev/null
  promtool check config --syntax-only ops/prometheus/prometheus.yml >/dev/null
else
  echo 'No promtool here: the alarms were not tried by it (npm test compares them with the code).' >&2
fi
