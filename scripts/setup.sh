#!/bin/sh
# Makes a fresh clone ready: installs the lockfile's packages when they are missing or older than the lockfile.
# npm puts node_modules/.bin on PATH before it exists, so the `node` after this script is the one that was installed.
set -e
cd "$(dirname "$0")/.."
# A link leads to somebody else's packages, which `npm ci` would delete.
[ -L node_modules ] && exit 0
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "Installing packages (once)…" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
