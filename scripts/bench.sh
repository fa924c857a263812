#!/usr/bin/env bash
# Builds and runs the benchmarks of bench/meson.build in their order, then the pages in a browser; each prints its figures beside its
# yardstick.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t programs < <(sed -nE "s/^ *\['([a-z0-9_]+)'.*/\1/p" bench/meson.build)
[ ${#programs[@]} -gt 0 ] || { echo "bench: bench/meson.build lists no program" >&2; exit 1; }
echo "machine: $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(. /etc/os-release && echo "$PRETTY_NAME"), commit $(git rev-parse --short HEAD)"
export TRELLIS_PROGRAM=$PWD/build/trellis
for p in "${programs[@]}"; do
    ninja -C build --quiet "bench/$p"
    echo "== $p"
    "build/bench/$p"
done
echo "== bench_pages"
[ ! -x .deps/node/bin/node ] || PATH=$PWD/.deps/node/bin:$PATH
TRELLIS_BIN=$TRELLIS_PROGRAM node bench/bench_pages.mjs
