#!/usr/bin/env bash
# Makes sure that what the tests need is installed: redis-server and redis-cli,
# PostgreSQL, the sqlite3 shell, curl, the C compiler that Go's race detector links with,
# Node with npm, and Chromium; or only what the arguments name (redis, postgres, sqlite,
# curl, compiler, node, chromium).
# Uses apt where it may (root, or sudo without a password) and does not let the packages
# start system services; otherwise says what to install.
set -euo pipefail

have_redis() { command -v redis-server >/dev/null && command -v redis-cli >/dev/null; }
have_postgres() {
  { command -v postgres && command -v initdb; } >/dev/null 2>&1 && return 0
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null
}

have_compiler() {
  local dir
  dir=$(mktemp -d)
  echo '#include <stdlib.h>
int main(void) { return 0; }' >"$dir/try.c"
  local ok=0
  ${CC:-gcc} -o "$dir/try" "$dir/try.c" 2>/dev/null || ok=1
  rm -rf "$dir"
  return $ok
}

# The names that test/browser looks for.
have_chromium() {
  local name
  for name in "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}

[ $# -gt 0 ] || set -- redis postgres sqlite curl compiler node chromium

missing() {
  local need
  packages=()
  for need in "$@"; do
    case $need in
    redis) have_redis || packages+=(redis-server) ;;
    postgres) have_postgres || packages+=(postgresql) ;;
    sqlite) command -v sqlite3 >/dev/null || packages+=(sqlite3) ;;
    curl) command -v curl >/dev/null || packages+=(curl) ;;
    compiler) have_compiler || packages+=(gcc libc6-dev) ;;
    node) { command -v node && command -v npm; } >/dev/null || packages+=(nodejs npm) ;;
    chromium) have_chromium || packages+=(chromium fonts-dejavu-core) ;;
    *) echo "unknown need: $need" >&2 && exit 2 ;;
    esac
  done
  [ ${#packages[@]} -gt 0 ]
}

missing "$@" || exit 0

advice() {
  echo "The tests need: ${packages[*]}. Please install:" >&2
  echo "  Debian, Ubuntu:  sudo apt-get install ${packages[*]}" >&2
  echo "  macOS:           brew install redis postgresql@15 sqlite curl node; brew install --cask chromium; xcode-select --install" >&2
  exit 1
}

command -v apt-get >/dev/null || advice
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || advice
  as_root=(sudo -n)
fi

# Debian asks /usr/sbin/policy-rc.d whether a freshly installed service may
# start. Say no for the time of the installation, unless somebody already
# decided.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

echo "installing ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq || true
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >/dev/null || advice
if missing "$@"; then advice; fi
