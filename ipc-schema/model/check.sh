#!/bin/sh
# Checks the slot protocol exhaustively with spin, then that every broken variant is caught, two at a time: 20 s, 1 GB. Compiling
# with optimisation would take longer than it saves.
# `--long` adds two crashes in a row.
# SPDX-License-Identifier: Apache-2.0
set -eu
model=$(cd "$(dirname "$0")" && pwd)/slots.pml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cp "$model" .

# Compiles slots.pml with spin's options $1 and pan's options $2, runs it with $3; exit status 0: no error found.
check() {
  spin $1 -a slots.pml >spin.log || { cat spin.log; exit 1; }
  ${CC:-cc} -O0 -w -DNOFAIR -DMEMLIM=4000 $2 -o pan pan.c
  ./pan -m50000 $3 >pan.log || { cat pan.log; exit 1; }
  grep -q 'Search not completed\|max search depth too small\|out of memory' pan.log && ! grep -q 'errors: [1-9]' pan.log && {
    cat pan.log
    echo "$1: the search is not complete"
    exit 1
  }
  grep -q 'errors: 0' pan.log
}

good() {
  check "$1" "$2" "$3" || { cat pan.log; echo "slots.pml $1: BROKEN"; exit 1; }
  echo "slots.pml $1: holds in $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' pan.log) states"
}
good "-DLOSSES=1 -DREPEATS=1 -DCRASHES=1" -DSAFETY ""
[ "${1:-}" != --long ] || good "-DLOSSES=1 -DREPEATS=0 -DCRASHES=2" -DSAFETY ""
good "-DLOSSES=1 -DREPEATS=0 -DCRASHES=1" -DNP -l   # and no run goes on for ever

# Exit status 0: the variant is caught. Each in a folder of its own, so that two can run at once.
caught() {
  mkdir "$1"
  cd "$1"
  cp ../slots.pml .
  if check "-D$1" -DSAFETY ""; then
    echo "slots.pml -D$1: NOT caught"
    return 1
  fi
  echo "slots.pml -D$1: caught: $(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' pan.log | cut -c1-60)"
}
half() { for broken in "$@"; do (caught "$broken") || return 1; done; }
half DONE_BEFORE_FILL RELEASE_BEFORE_READ RECLAIM_BEFORE_DEATH NO_GENERATION_CHECK &
half NO_WORKER_CHECK RELEASED_IS_GENERATION NO_RESCAN UNORDERED
wait $!
