#!/usr/bin/env bash
# Installs what package-lock.json names, unless it is there already.
set -eu -o pipefail
cd "$(dirname "$0")"

if [ ! -d node_modules ] || [ "$(cat .build/lock 2>/dev/null)" != "$(cksum <package-lock.json)" ]; then
  npm ci --no-audit --no-fund --loglevel=error
  mkdir -p .build
  cksum <package-lock.json >.build/lock
fi
