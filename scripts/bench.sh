#!/usr/bin/env bash
# Builds and runs the benchmarks of bench/meson.build in their order, then the whole way of an event through the program, then the pages in
# a browser; each prints its figures beside its yardstick, and how long it took.
#   scripts/bench.sh [NAME...]     those alone: scripts/bench.sh bench_spool bench_collect bench_events bench_identity bench_fuzzy bench_living bench_live
set -euo pipefail
cd "$(dirname "$0")/.."
names=("$@")
mapfile -t programs < <(sed -nE "s/^ *\['([a-z0-9_]+)'.*/\1/p" bench/meson.build)
[ ${#programs[@]} -gt 0 ] || { echo "bench: bench/meson.build lists no program" >&2; exit 1; }
echo "machine: $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(. /etc/os-release && echo "$PRETTY_NAME"), commit $(git rev-parse --short HEAD)"
export TRELLIS_PROGRAM=$PWD/build/trellis
chosen() { # NAME
    local n
    [ ${#names[@]} -gt 0 ] || return 0
    for n in "${names[@]}"; do [ "$n" != "$1" ] || return 0; done
    return 1
}
run() { # NAME COMMAND...
    local name=$1 began=$SECONDS
    shift
    echo "== $name"
    "$@"
    echo "-- $((SECONDS - began)) s"
}
for n in "${names[@]}"; do
    case " ${programs[*]} bench_live bench_sessions bench_metrics bench_pages " in *" $n "*) ;; *) echo "bench: there is no $n" >&2; exit 2 ;; esac
done
for p in "${programs[@]}"; do
    chosen "$p" || continue
    ninja -C build --quiet "bench/$p"
    run "$p" "build/bench/$p"
done
[ ! -x .deps/node/bin/node ] || PATH=$PWD/.deps/node/bin:$PATH
if chosen bench_live; then run bench_live node bench/bench_live.mjs; fi
if chosen bench_sessions; then run bench_sessions node bench/bench_sessions.mjs; fi
if chosen bench_metrics; then run bench_metrics node bench/bench_metrics.mjs; fi
if chosen bench_pages; then TRELLIS_BIN=$TRELLIS_PROGRAM run bench_pages node bench/bench_pages.mjs; fi
