#!/usr/bin/env bash
# Runs everything that a change must pass, step by step: `make test`. A failing step does not hide the others. Each
# step's output is kept in build/test-logs/NAME.log; what failed in it is shown, else its end. The last line counts.
#
#   scripts/test.sh                 every step of the table below
#   scripts/test.sh --only lint     the steps whose name starts with "lint" (several: --only unit,e2e)
#   scripts/test.sh --long          the long tier: unit tests as either compiler optimises them and under the thread sanitizer, kill series, soak
set -uo pipefail
{ # read as a whole before anything runs, so that a checkout in between does no harm
cd "$(dirname "$0")/.." || exit 2
logs=build/test-logs
only=
tier=change
while [ $# -gt 0 ]; do
    case $1 in
        --only) only=$2; shift ;;
        --long) tier=long ;;
        *) echo "test: unknown option $1" >&2; exit 2 ;;
    esac
    shift
done

configured() { # FOLDER OPTIONS...: a build folder with these options (CC from the environment counts at its creation)
    local dir=$1
    shift
    if [ -f "$dir/build.ninja" ]; then meson configure "$dir" "$@"; else meson setup "$dir" "$@"; fi
}
build_gcc()   { CC=gcc configured build -Dwerror=true && ninja -C build trellis; }
# The second compiler's warnings, of the program and of all tests; what it makes is run in the long tier, optimised.
build_clang() {
    CC=clang configured build-clang -Dwerror=true -Dbuildtype=debug -Dfaults=true && ninja -C build-clang trellis &&
        ninja -C build-clang $(ninja -C build-clang -t targets all | sed -n -E 's#^((tests/unit|fuzz)/[^ ]*\.o): .*#\1#p')
}
build_clang_o2() { CC=clang configured build-clang-o2 -Dwerror=true -Dbuildtype=debugoptimized -Dfaults=true && ninja -C build-clang-o2 trellis; }
# lld links a test in a quarter of the time, and there are about a hundred.
build_asan()  { ! command -v ld.lld >/dev/null || export CC_LD=lld; CC=gcc configured build-asan -Dwerror=true -Dbuildtype=debugoptimized -Dfaults=true -Db_sanitize=address,undefined && ninja -C build-asan trellis; }
build_tsan()  { CC=gcc configured build-tsan -Dbuildtype=debugoptimized -Db_sanitize=thread && ninja -C build-tsan trellis; }
suite()       { meson test -C "$1" --suite "$2" --print-errorlogs --num-processes $(($(nproc) + 1)); } # some wait for disks and clocks
long_suite()  { meson test -C "$1" --suite long --print-errorlogs; }
end_to_end() { # the real program in a real browser
    [ -f tests/e2e/run.mjs ] || { echo "tests/e2e/run.mjs is missing"; return 1; }
    [ ! -x .deps/node/bin/node ] || PATH=$PWD/.deps/node/bin:$PATH
    [ ! -x .deps/chromium/chromium ] || export TRELLIS_BROWSER=$PWD/.deps/chromium/chromium
    TRELLIS_BIN=$PWD/build/trellis node tests/e2e/run.mjs
}
# Files of tests run side by side: most of their time is waiting for a server, a browser or a clock. One that hangs is ended.
side_by_side=(--test-concurrency=$(($(nproc) + 1)) --test-timeout=900000)
command_line() { # the real program by its commands and its API
    [ ! -x .deps/node/bin/node ] || PATH=$PWD/.deps/node/bin:$PATH
    TRELLIS_PROGRAM=$PWD/build/trellis node --test "${side_by_side[@]}" --test-reporter=tap tests/cli/*.test.mjs
}
real_clients() { # the SDKs that people send events with, on the real program
    [ ! -x .deps/node/bin/node ] || PATH=$PWD/.deps/node/bin:$PATH
    [ ! -x .deps/chromium/chromium ] || export TRELLIS_BROWSER=$PWD/.deps/chromium/chromium
    TRELLIS_PROGRAM=$PWD/build/trellis node --test "${side_by_side[@]}" --test-reporter=tap tests/sdk/*.test.mjs
}
long_clients() { # fifty kills under the real client; a million events in four orders of arrival
    [ ! -x .deps/node/bin/node ] || PATH=$PWD/.deps/node/bin:$PATH
    TRELLIS_LONG=1 TRELLIS_PROGRAM=$PWD/build/trellis NODE_OPTIONS=--max-old-space-size=8192 node --test --test-concurrency=1 --test-reporter=tap \
        tests/sdk/durability.test.mjs tests/sdk/order.test.mjs
}
large_files() { # two gigabytes through the real program
    [ ! -x .deps/node/bin/node ] || PATH=$PWD/.deps/node/bin:$PATH
    TRELLIS_LONG=1 TRELLIS_PROGRAM=$PWD/build/trellis node --test --test-reporter=tap --test-name-pattern "2 GB" tests/cli/messy.test.mjs
}
ours() { git ls-files -z "$@"; }
tidy() {
    local jobs raw=build/test-logs/tidy.txt status
    jobs=$(nproc)
    [ -f build-clang/build.ninja ] || CC=clang configured build-clang -Dwerror=true -Dbuildtype=debug -Dfaults=true
    ninja -C build-clang src/embedded.c
    ours 'src/*.c' | xargs -0 -n 8 -P "$jobs" clang-tidy -p build-clang --quiet >"$raw" 2>&1
    status=$?
    dead_stores >>"$raw" 2>&1 || status=1
    cat "$raw"
    echo "findings:"
    grep -E '(error|warning): ' "$raw" | sort -u
    return $status
}
# The analyzer's two checks that follow no paths. Within clang-tidy any check of the analyzer brings its core with it, which
# walks all paths of every function and is twenty times as much work; its findings were never asked for.
dead_stores() {
    ours 'src/*.c' | xargs -0 -n 40 -P "$(nproc)" clang --analyze -w --analyzer-no-default-checks --analyzer-output text \
        -Xclang -analyzer-checker=deadcode.DeadStores -Xclang -analyzer-checker=security.insecureAPI.UncheckedReturn \
        -Xclang -analyzer-werror -std=c17 -Isrc -D_GNU_SOURCE -DTRELLIS_FAULTS '-DTRELLIS_VERSION="0"' \
        -isystem .deps/duckdb/include -isystem .deps/debian/include
}
shell_syntax() { local f; for f in scripts/*.sh scripts/npm scripts/build-web scripts/check-registered .ci/run; do bash -n "$f" || return 1; done; }

# name | command. A build comes before what needs it.
change_steps=(
    "setup|scripts/setup.sh"
    "web-build|scripts/build-web"
    "build-gcc|build_gcc"
    "build-clang|build_clang"
    "build-asan|build_asan"
    "unit-asan-ubsan|meson test -C build-asan --suite unit --no-suite series --print-errorlogs"
    "unit-series|suite build-clang series"
    "fuzz-replay|suite build-asan fuzz"
    "web-types|scripts/npm --prefix web run --silent check"
    "web-unit|scripts/npm --prefix web test"
    "cli|command_line"
    "sdk|real_clients"
    "web-size|scripts/npm --prefix web run --silent size"
    "e2e|end_to_end"
    "lint-includes|scripts/check-includes --self-test && scripts/check-includes"
    "lint-banned|scripts/check-banned --self-test && scripts/check-banned"
    "lint-gate|scripts/check-gate --self-test && scripts/check-gate"
    "lint-names|scripts/check-names --self-test && scripts/check-names"
    "lint-licences|scripts/check-licences --self-test && scripts/check-licences"
    "lint-registered|scripts/check-registered --self-test && scripts/check-registered"
    "lint-links|scripts/check-links --self-test && scripts/check-links"
    "lint-reference|scripts/reference-files.py --check"
    "lint-scripts|shell_syntax"
    "lint-tidy|tidy"
)
long_steps=(
    "setup|scripts/setup.sh"
    "web-build|scripts/build-web"
    "build-gcc|build_gcc"
    "build-asan|build_asan"
    "build-tsan|build_tsan"
    "build-clang-o2|build_clang_o2"
    "unit-gcc|suite build unit"
    "unit-clang-faults|suite build-clang-o2 unit"
    "unit-asan-series|suite build-asan series"
    "unit-tsan|suite build-tsan unit"
    "long-asan|long_suite build-asan"
    "long-files|large_files"
    "long-clients|long_clients"
    "long-looks|TRELLIS_LONG=1 end_to_end"
)
steps=("${change_steps[@]}")
[ $tier = change ] || steps=("${long_steps[@]}")

passed=0
failed=0
names_failed=()
# count LOG STATUS: adds a step's tests. Meson and our runners count their own; any other step is one test.
count() {
    local ok bad
    ok=$(awk '/^(Ok|Expected Fail): +[0-9]+ *$/ { n += $NF } END { print n + 0 }' "$1")
    bad=$(awk '/^(Fail|Unexpected Pass|Timeout): +[0-9]+ *$/ { n += $NF } END { print n + 0 }' "$1")
    if [ $((ok + bad)) -eq 0 ]; then
        # "N passed, N failed" of our own runners; "Tests  N passed" and "N failed | N passed" of vitest; "# pass N" of node.
        read -r ok bad < <(sed -E 's/\x1b\[[0-9;]*m//g' "$1" | awk '
            /^[0-9]+ passed, [0-9]+ failed/ { ok = $1; bad = $3 }
            /^ *Tests +/ { for (i = 2; i < NF; i++) { if ($(i + 1) ~ /^passed/) ok = $i; if ($(i + 1) ~ /^failed/) bad = $i } }
            /^(#|ℹ) pass [0-9]+/ { ok = $3 } /^(#|ℹ) fail [0-9]+/ { bad = $3 }
            END { print ok + 0, bad + 0 }')
    fi
    if [ "$2" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ $((ok + bad)) -eq 0 ]; then ok=1; fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    counted="$ok passed, $bad failed"
}

# failures LOG: the tests that failed with what they said, from among thousands that passed; a log that names none, its end.
failures() {
    local shown
    shown=$(awk '
        /^ *not ok / || /✀/ { left = 30 }
        /^ *(ok |# Subtest)/ { left = 0 }
        left > 0 { print; left-- }
        /^ *[0-9]+\/[0-9]+ .*(FAIL|TIMEOUT|ERROR) / || /: (error|warning): / { print }' "$1" | head -n 120)
    if [ -n "$shown" ]; then printf '%s\n' "$shown"; else tail -n 60 "$1"; fi | cut -c 1-400 | sed 's/^/    | /'
}

selected() { # NAME: by --only, where given; what is selected brings no earlier step with it
    [ -z "$only" ] && return 0
    local o
    for o in ${only//,/ }; do case $1 in "$o"*) return 0 ;; esac; done
    return 1
}

mkdir -p "$logs"
began_all=$SECONDS
for row in "${steps[@]}"; do
    name=${row%%|*}
    selected "$name" || continue
    began=$SECONDS
    log=$logs/$name.log
    (eval "${row#*|}") >"$log" 2>&1 </dev/null
    status=$?
    count "$log" $status
    if [ $status -eq 0 ]; then
        printf 'ok    %-20s %4d s  %s\n' "$name" $((SECONDS - began)) "$counted"
    else
        names_failed+=("$name")
        printf 'FAIL  %-20s %4d s  %s; from %s:\n' "$name" $((SECONDS - began)) "$counted" "$log"
        failures "$log"
    fi
    # A build folder that set-up could not fill leaves nothing to test.
    if [ "$name" = setup ] && [ $status -ne 0 ]; then break; fi
done
printf 'total %d s\n' $((SECONDS - began_all))
[ ${#names_failed[@]} -eq 0 ] || printf 'failed steps: %s\n' "${names_failed[*]}"
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ] && [ $passed -gt 0 ]
exit
}
