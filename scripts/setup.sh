#!/bin/sh
# Makes a fresh clone ready: installs the lockfile's packages when they are missing or older than the lockfile, and
# builds the dashboard when it is missing or older than its sources.
# npm puts node_modules/.bin on PATH before it exists, so the `node` after this script is the one that was installed.
set -e
cd "$(dirname "$0")/.."
# A link leads to somebody else's packages, which `npm ci` would delete.
if [ ! -L node_modules ] && { [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; }; then
  echo "Installing packages (once)…" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi

page=dist/dashboard/index.html
# Without vite (an installation for production) the page was built where the image was.
if [ -e node_modules/.bin/vite ] && { [ ! -e $page ] || [ -n "$(find src/dashboard package.json -newer $page 2>/dev/null | head -n 1)" ]; }; then
  PATH="$PWD/node_modules/.bin:$PATH" vite build --config src/dashboard/vite.config.ts >&2
fi
