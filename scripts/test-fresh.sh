#!/usr/bin/env bash
# Proves that a clone of the committed state builds, passes its tests and shows its demo on an empty machine: makes an
# empty Debian 12 and Debian 13 root with debootstrap, clones into it, runs `make test` and `make demo` there, prints
# what the set-up installed and how long each step took, and removes everything again, on Ctrl-C as well.
#
#   sudo scripts/test-fresh.sh [--steps setup,test,demo] [bookworm] [trixie]
#
# The package mirror, proxies, npm settings and certificates are those of this machine. The sample data beside the
# checkout (../shared), when there is any, is mounted read-only, since some tests read it.
set -euo pipefail
{ # read as a whole before anything runs, so that a checkout in between does no harm
cd "$(dirname "$0")/.."
source_dir=$PWD

die() { printf 'test-fresh: error: %s\n' "$*" >&2; exit 1; }
say() { printf 'test-fresh: %s\n' "$*"; }

steps=setup,test,demo
releases=()
while [ $# -gt 0 ]; do
    case $1 in
        --steps) steps=$2; shift ;;
        bookworm | trixie) releases+=("$1") ;;
        *) die "unknown argument $1 (see the head of this script)" ;;
    esac
    shift
done
[ ${#releases[@]} -gt 0 ] || releases=(bookworm trixie)

[ "$(id -u)" -eq 0 ] || die "run this as root: it mounts and changes root (sudo make test-fresh)"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"

mirror=$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }')
[ -n "$mirror" ] || die "apt's sources name no Debian mirror"

root=
helper=
clean() { # whatever happened: processes of the root first, then mounts, then files
    [ -n "$root" ] || return 0
    if [ -n "$helper" ]; then kill -TERM -- "-$helper" 2>/dev/null || true; wait "$helper" 2>/dev/null || true; helper=; fi
    local p
    for p in /proc/[0-9]*; do
        [ "$(readlink "$p/root" 2>/dev/null)" = "$root" ] && kill -KILL "${p#/proc/}" 2>/dev/null
    done
    local m
    for m in $(awk -v r="$root/" 'index($2, r) == 1 { print $2 }' /proc/mounts | sort -r); do umount "$m" 2>/dev/null || umount -l "$m"; done
    if awk -v r="$root/" 'index($2, r) == 1 { found = 1 } END { exit !found }' /proc/mounts; then
        say "not removed, something is still mounted there: $root"
    elif [ -n "$(ls -A "$root/srv/shared" 2>/dev/null)" ]; then
        say "not removed, the sample data is still visible there: $root"
    else
        rm -rf --one-file-system "$root"
    fi
    root=
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The settings of this machine that the fresh one needs to reach its registries.
settings=()
while IFS= read -r name; do settings+=("$name=${!name}"); done < <(compgen -e |
    grep -iE '^(https?_proxy|no_proxy|all_proxy|npm_config_.*|node_extra_ca_certs|ssl_cert_file)$' | grep -viE '^npm_config_(prefix|globalconfig|userconfig|cache|local_prefix|global_prefix|node_gyp|noproxy|user_agent|init_module)$' || true)

inside() { # COMMAND... in the fresh root, in its own process group so that it can be stopped as a whole
    local status=0
    setsid chroot "$root" env -i HOME=/root LANG=C.UTF-8 TERM=dumb CI=true "${settings[@]}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c 'cd /srv/trellis && exec "$@"' - "$@" &
    helper=$!
    wait "$helper" || status=$?
    helper=
    return $status
}

results=()
failed=0
step() { # NAME COMMAND...
    local name=$1 began=$SECONDS status=0
    shift
    say "$release: $name"
    "$@" || status=$?
    local line="$release $name: ok, $((SECONDS - began)) s"
    [ $status -eq 0 ] || line="$release $name: FAILED ($status), $((SECONDS - began)) s"
    say "$line"
    results+=("$line")
    [ $status -eq 0 ] || { failed=$((failed + 1)); return 1; }
}

make_root() {
    debootstrap --variant=minbase "$release" "$root" "$mirror" >"$root.log" 2>&1 || { tail -5 "$root.log"; return 1; }
    rm -f "$root.log"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev" && mount --make-rslave "$root/dev"
    mount -t sysfs -o ro sysfs "$root/sys"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
    local security=
    [ -n "$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 debian-security)" ] &&
        security=$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 debian-security)
    {
        printf 'deb %s %s main\ndeb %s %s-updates main\n' "$mirror" "$release" "$mirror" "$release"
        [ -z "$security" ] || printf 'deb %s %s-security main\n' "$security" "$release"
    } >"$root/etc/apt/sources.list"
    local f
    for f in /etc/apt/apt.conf.d/*proxy* /etc/apt/auth.conf.d/*; do [ ! -f "$f" ] || cp "$f" "$root${f%/*}/"; done
    [ ! -f "$HOME/.npmrc" ] || cp "$HOME/.npmrc" "$root/root/"
    mkdir -p "$root/usr/local/share/ca-certificates"
    for f in /usr/local/share/ca-certificates/*.crt; do [ ! -f "$f" ] || cp "$f" "$root/usr/local/share/ca-certificates/"; done
    # Node brings its own list of authorities: it must hear of this machine's as well.
    compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null && settings+=(NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt)
    mkdir -p "$root/srv"
    git clone -q --no-hardlinks "$source_dir" "$root/srv/trellis"
    if [ -d "$source_dir/../shared" ]; then
        mkdir "$root/srv/shared"
        mount --bind "$source_dir/../shared" "$root/srv/shared"
        mount -o remount,bind,ro "$root/srv/shared"
        say "the sample data is mounted read-only"
    else
        say "no ../shared beside the checkout: tests on it say that they are skipped"
    fi
}

packages() { chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' | sort; }

run_setup() {
    packages >"$root/before"
    inside scripts/setup.sh || return 1
    packages >"$root/after"
    say "the set-up installed $(comm -13 "$root/before" "$root/after" | wc -l) packages:"
    comm -13 "$root/before" "$root/after" | awk '{ print $1 }' | fmt -w 118 | sed 's/^/    /'
    say "and beside the checkout: $(cd "$root/srv/trellis" && du -sh .deps | cut -f1) in .deps ($(cd "$root/srv/trellis/.deps" && ls -d */ | tr -d / | tr '\n' ' ')), $(find "$root/srv/trellis" -name node_modules -maxdepth 3 -prune | wc -l) node_modules"
}

for release in "${releases[@]}"; do
    root=$(mktemp -d "${TMPDIR:-/var/tmp}/trellis-fresh-$release.XXXXXX")
    chmod 755 "$root"
    if step "empty root and clone of $(git rev-parse --short HEAD)" make_root; then
        if step set-up run_setup; then
            case ,$steps, in *,test,*) step 'make test' inside make test || true ;; esac
            case ,$steps, in *,demo,*) step 'make demo' inside make demo DEMO_ARGS=--no-serve || true ;; esac
        fi
    fi
    clean
done
printf '\n'
printf '%s\n' "${results[@]}"
printf '%d passed, %d failed\n' $((${#results[@]} - failed)) $failed
[ $failed -eq 0 ]
exit
}
