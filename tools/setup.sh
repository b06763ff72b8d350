#!/bin/sh
# Sets up what `make` needs: tools/setup.sh run | dev | browser
#
#   run      .venv with the runtime dependencies and Paperboy itself
#   dev      the same, with everything that tests and checks need
#   browser  a Chromium for the browser tests
#
# Versions and hashes come from the lock files. What is in place already is left alone: .venv/stamp says for which
# lock files, Python and directory it was made.
set -eu
cd "$(dirname "$0")/.."

venv_tool='virtualenv==20.31.2' # only where Python comes without ensurepip and nobody is root

say() { printf '%s\n' "$*" >&2; }
die() {
    say "paperboy: $*"
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

apt_install() {
    say "Installing with apt-get: $*"
    export DEBIAN_FRONTEND=noninteractive
    log=$(apt-get update -qq 2>&1 && apt-get install -y -qq --no-install-recommends "$@" 2>&1) || {
        say "$log"
        return 1
    }
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "no ${PYTHON:-python3}")
    die "Python 3.11 or newer is needed, and there is $found here. On Debian 12: sudo apt-get install python3 python3-venv." \
        "If another one is installed, name it: make PYTHON=/path/to/python3.12"
}

make_venv() {
    rm -rf .venv
    if "$python" -m venv .venv >/dev/null 2>&1; then return; fi
    rm -rf .venv
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    package="python$version-venv" # Debian and Ubuntu ship this part of Python by itself
    if is_root && command -v apt-get >/dev/null; then
        apt_install "$package" && "$python" -m venv .venv && return
        rm -rf .venv
    fi
    if "$python" -m virtualenv --version >/dev/null 2>&1; then
        "$python" -m virtualenv -q .venv && return
    fi
    if "$python" -m pip --version >/dev/null 2>&1; then
        bootstrap=$(mktemp -d)
        if "$python" -m pip install -qq --target "$bootstrap" "$venv_tool" &&
            PYTHONPATH="$bootstrap" "$python" -m virtualenv -q .venv; then
            rm -rf "$bootstrap"
            return
        fi
        rm -rf "$bootstrap" .venv
    fi
    die "Python $version here cannot make virtual environments. Please run: sudo apt-get install $package"
}

install_packages() {
    level=$1
    python=$(find_python)
    case $level in
    run) locks='requirements.lock requirements-build.lock' ;;
    dev) locks='requirements-dev.lock' ;;
    esac
    # shellcheck disable=SC2086 # a list of names without spaces
    state="$level $(cat $locks pyproject.toml | cksum) $("$python" -V) $PWD"
    # shellcheck disable=SC2086
    for good in "$state" "dev $(cat requirements-dev.lock pyproject.toml | cksum) $("$python" -V) $PWD"; do
        if [ "$(cat .venv/stamp 2>/dev/null)" = "$good" ]; then return; fi
    done
    case $(cat .venv/stamp 2>/dev/null) in
    *" $("$python" -V) $PWD") ;;
    *) say "Making a virtual environment in .venv ..." && make_venv ;;
    esac
    .venv/bin/python -c '' 2>/dev/null || make_venv
    rm -f .venv/stamp
    say "Installing the locked packages (once, about a minute) ..."
    for lock in $locks; do
        .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock" ||
            die "The packages of $lock could not be installed; pip says why above."
    done
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . ||
        die "Paperboy itself could not be installed; pip says why above."
    printf '%s\n' "$state" >.venv/stamp
}

browser() {
    [ -z "${CHROMIUM:-}" ] || return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null; then return; fi
    done
    if [ -d '/Applications/Google Chrome.app' ] || [ -d '/Applications/Chromium.app' ]; then return; fi
    if is_root && command -v apt-get >/dev/null; then
        apt_install chromium fonts-noto-cjk fonts-noto-color-emoji && return
    fi
    say "No Chromium here, so the browser tests are skipped. On Debian: sudo apt-get install chromium" \
        "fonts-noto-cjk fonts-noto-color-emoji; or name one in CHROMIUM."
    [ "${CI:-}" != true ] || die "CI=true: the browser tests may not be skipped."
}

if [ -z "${PAPERBOY_SETUP_LOCKED:-}" ] && command -v flock >/dev/null; then # two makes at a time: one waits
    export PAPERBOY_SETUP_LOCKED=1
    exec flock Makefile "$0" "$@"
fi
case ${1:-} in
run | dev) install_packages "$1" ;;
browser) browser ;;
*) die "usage: tools/setup.sh run | dev | browser" ;;
esac
