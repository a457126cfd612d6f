#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a start costs: /bin/true bare, under sbx-run and under others, as whole processes and interleaved. It prints and judges nothing.
# ROUNDS=N (default 200).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${BUILD:-build}" && pwd)
rounds=${ROUNDS:-200}

# command_line NAME WORD...: a line for spawn, with tabs between.
command_line() {
    local IFS=$'\t'
    echo "$*"
}

commands() {
    local sbx=$build/sbx-run
    command_line 'bare' /bin/true
    command_line 'sbx-run, default with limits' "$sbx" -- /bin/true
    command_line 'sbx-run --limits=off' "$sbx" --limits=off -- /bin/true
    ! "$sbx" --help | grep -q -e --in-place || command_line 'sbx-run --limits=off --in-place' "$sbx" --limits=off --in-place -- /bin/true
    command_line 'sbx-run --profile=none --limits=off' "$sbx" --profile=none --limits=off -- /bin/true
    command_line 'setpriv, no_new_privs and capabilities' setpriv --no-new-privs --bounding-set=-all --inh-caps=-all /bin/true
    ! command -v bwrap >/dev/null || {
        command_line 'bwrap --dev-bind / /' bwrap --dev-bind / / /bin/true
        command_line 'bwrap, all namespaces' bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev /bin/true
    }
    ! command -v firejail >/dev/null || command_line 'firejail --noprofile' firejail --quiet --noprofile /bin/true
}

echo "starts of /bin/true as $(id -un 2>/dev/null || id -u), $rounds interleaved rounds, $(nproc) processors, Linux $(uname -r)"
commands | AGAINST='bwrap --dev-bind / /' "$build/bench/spawn" "$rounds" || exit 1
[ "$(id -u)" -ne 0 ] || "$build/bench/libcgroup-cost" 50
command -v bwrap >/dev/null || echo 'not compared: bubblewrap is not installed'
command -v firejail >/dev/null || echo 'not compared: firejail is not installed'
