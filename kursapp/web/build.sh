#!/usr/bin/env bash
# Builds the dashboard where its sources have changed since the last build; with --check
# it only says whether that is so.
set -eu -o pipefail
cd "$(dirname "$0")"

need="Node 20.19 or newer with npm: https://nodejs.org, or 'apt-get install nodejs npm' where that is new enough"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "Node is missing. Install $need." >&2
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
  echo "Node $(node -v) is too old. Install $need." >&2
  exit 1
fi

# The stamp holds what the last build was made of.
stamp=.build/stamp
sources=$(find src public scripts index.html package-lock.json vite.config.ts tsconfig.json -type f -print0 | sort -z | xargs -0 cat | cksum)
if [ -f ../internal/webui/dist/index.html ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sources" ]; then
  exit 0
fi
if [ "${1-}" = --check ]; then
  echo "The dashboard is not built, or its sources have changed since." >&2
  exit 1
fi

echo "building the dashboard"
./install.sh
mkdir -p .build
npx tsc --noEmit
npx vite build --logLevel warn
echo "$sources" >"$stamp"
