#!/usr/bin/env bash
# Runs every fuzz target for some seconds each, from its seeds; new inputs go to build-fuzz/corpus, findings beside them.
#   scripts/fuzz.sh [SECONDS] [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true -Dbuildtype=debugoptimized -Db_sanitize=address,undefined
ninja -C build-fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(find build-fuzz/fuzz -maxdepth 1 -type f -executable -name 'fuzz_*' -printf '%f\n' | sed 's/^fuzz_//' | sort)
failed=0
for t in "${targets[@]}"; do
    mkdir -p "build-fuzz/corpus/$t" "build-fuzz/findings/$t"
    echo "fuzz: $t for $seconds s"
    "build-fuzz/fuzz/fuzz_$t" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/findings/$t/" "build-fuzz/corpus/$t" "fuzz/corpus/$t" 2>"build-fuzz/$t.log" || { failed=$((failed + 1)); tail -30 "build-fuzz/$t.log"; }
    grep -E 'stat::(number_of_executed_units|peak_rss_mb)' "build-fuzz/$t.log" || true
done
printf '%d passed, %d failed\n' $((${#targets[@]} - failed)) $failed
[ $failed -eq 0 ]
