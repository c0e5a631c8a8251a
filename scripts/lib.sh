# shellcheck shell=bash disable=SC2034
# What every script here needs: where things are, and how to speak.
# Sourced, never run. It starts nothing and changes nothing.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What may be kept between runs: root filesystem tarballs, lint tools.
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/flisthub

# Where cargo puts what it builds; a caller may have moved it.
BIN=${CARGO_TARGET_DIR:-$ROOT/target}/release

# rustup writes this directory into the login shell's profile only; make and CI
# often run without one.
export PATH="$PATH:$HOME/.cargo/bin"

heading() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
note() { printf '   %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
is_root() { [ "$(id -u)" -eq 0 ]; }

# wait_for_hub PID FILE: print the address that the hub writes into FILE as
# `listening on http://…` once it serves; fail when the process ends before.
wait_for_hub() {
  local pid=$1 file=$2 address
  for _ in $(seq 300); do
    address=$(sed -n 's/^listening on //p' "$file")
    if [ -n "$address" ]; then
      printf '%s\n' "$address"
      return
    fi
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}
