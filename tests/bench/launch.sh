#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a start costs: /bin/true bare, under sbx-run and under others, as whole processes and interleaved. It prints and judges nothing.
# ROUNDS=N (default 200).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${BUILD:-build}" && pwd)
rounds=${ROUNDS:-200}

commands() {
    printf 'bare\t/bin/true\n'
    printf 'sbx-run, default with limits\t%s -- /bin/true\n' "$build/sbx-run"
    printf 'sbx-run --limits=off\t%s --limits=off -- /bin/true\n' "$build/sbx-run"
    ! "$build/sbx-run" --help | grep -q -e --in-place ||
        printf 'sbx-run --limits=off --in-place\t%s --limits=off --in-place -- /bin/true\n' "$build/sbx-run"
    printf 'sbx-run --profile=none --limits=off\t%s --profile=none --limits=off -- /bin/true\n' "$build/sbx-run"
    printf 'setpriv, no_new_privs and capabilities\tsetpriv --no-new-privs --bounding-set=-all --inh-caps=-all /bin/true\n'
    ! command -v bwrap >/dev/null || {
        printf 'bwrap --dev-bind / /\tbwrap --dev-bind / / /bin/true\n'
        printf 'bwrap, all namespaces\tbwrap --unshare-all --ro-bind / / --proc /proc --dev /dev /bin/true\n'
    }
    ! command -v firejail >/dev/null || printf 'firejail --noprofile\tfirejail --quiet --noprofile /bin/true\n'
}

echo "starts of /bin/true as $(id -un), $rounds interleaved rounds, $(nproc) processors, Linux $(uname -r)"
commands | AGAINST='bwrap --dev-bind / /' "$build/bench/spawn" "$rounds" || exit 1
[ "$(id -u)" -ne 0 ] || "$build/bench/libcgroup-cost" 50
command -v bwrap >/dev/null || echo 'not compared: bubblewrap is not installed'
command -v firejail >/dev/null || echo 'not compared: firejail is not installed'
