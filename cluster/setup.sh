#!/usr/bin/env bash
# Makes the virtual environment from the lock file, the base model and the databases; a second call finds all of it done.
# Everything that can be missing on a bare machine is checked first and named in one line.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
lock=cluster/requirements-cpu.lock
disk_needed_gb=7

fail() { echo "setup: $*" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 is needed and not on the PATH (found: $(python3 --version 2>/dev/null || echo none)); install python3.11 and python3.11-venv, or set PYTHON=/path/to/python3.11"
}

check_machine() {
    [ "$(uname -sm)" = "Linux x86_64" ] || fail "this is $(uname -sm); the lock file is for Linux x86_64"
    local python=$1
    "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "Python's venv module is missing; install python3.11-venv"
    command -v c++ >/dev/null || command -v g++ >/dev/null || fail "no C++ compiler (DeepSpeed builds an operator); install g++ or build-essential"
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' \
        || fail "Python.h is missing (DeepSpeed builds an operator); install python3.11-dev"
    check_disk "$disk_needed_gb" "packages, model and a run"
}

check_disk() {
    local needed_gb=$1 what=$2 free_gb
    free_gb=$(df -Pk . | awk 'NR==2 {print int($4/1048576)}')
    [ "$free_gb" -ge "$needed_gb" ] || fail "only $free_gb GB free in $PWD; $needed_gb GB are needed for $what"
}

# pip's own output goes to a log; a person sees one line that moves. Unpacking and compiling keep one core busy, so a pip runs on each;
# 255 keeps xargs from going on after a failure. The lock is read from its end, where the largest packages are.
install_packages() {
    local log=$venv/setup.log total pip_id
    total=$(grep -c '^[a-z]' "$lock")
    echo "setup: installing $total packages into $venv (about a minute; log: $log)"
    grep '^[a-z]' "$lock" | tac | xargs -P "$(nproc)" -n 8 bash -c '"$@" || exit 255' pip \
        "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps --progress-bar off >"$log" 2>&1 &
    pip_id=$!
    trap 'kill "$pip_id" 2>/dev/null || true' INT TERM
    while kill -0 "$pip_id" 2>/dev/null; do
        [ -t 1 ] && printf '\rsetup: %d of %d packages fetched' "$(grep -c '^Collecting' "$log" || true)" "$total"
        sleep 1
    done
    [ -t 1 ] && printf '\n'
    if ! wait "$pip_id"; then
        if grep -q -i 'no space left' "$log"; then fail "the disk is full; free $disk_needed_gb GB and run the same command again"; fi
        if grep -q -i -E 'connection|temporary failure|name resolution|retrying' "$log"; then
            fail "the package index cannot be reached; check the network or PIP_INDEX_URL and run the same command again (log: $log)"
        fi
        fail "pip failed: $(grep -i error "$log" | tail -n 1) (log: $log)"
    fi
    complete_torch "$log"
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps --no-build-isolation \
        --config-settings editable_mode=compat -e . >>"$log" 2>&1 || fail "this project could not be installed (log: $log)"
}

# A torch built for CUDA, which is what most indexes serve, does not load without CUDA's libraries: they come with its own requirements.
complete_torch() {
    local log=$1
    "$venv/bin/python" -c 'import torch' 2>/dev/null && return
    check_disk 9 "CUDA's libraries, the model and a run"
    echo "setup: this torch is built for CUDA; fetching the libraries it loads (3 GB, once)"
    "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off -c "$lock" "$(grep '^torch==' "$lock")" >>"$log" 2>&1 \
        || fail "torch's own requirements could not be installed: $(grep -i error "$log" | tail -n 1) (log: $log)"
}

stamp=$venv/.installed-$(cat "$lock" pyproject.toml | sha256sum | cut -c1-16)
if [ ! -f "$stamp" ]; then
    python=$(find_python) || exit 1
    check_machine "$python"
    "$python" -m venv "$venv" || fail "could not create $venv"
    install_packages
    touch "$stamp"
fi
"$venv/bin/python" -m cluster.prepare 2>"$venv/prepare.log" || fail "$(tail -n 1 "$venv/prepare.log") (log: $venv/prepare.log)"
