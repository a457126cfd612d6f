#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzers, a while each, under the address and undefined behaviour sanitizers: every tests/fuzz/NAME.c but driver.c
# defines LLVMFuzzerTestOneInput. With clang they are libFuzzer's, else driver.c feeds them. Prints TAP.
#   tests/fuzz/run.sh [NAME]     BUILD names the build directory, SECONDS_EACH how long (30), CC the compiler
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}/fuzz
each=${SECONDS_EACH:-30}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sbx-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# Whether this compiler links libFuzzer: clang without its runtime cannot.
has_libfuzzer() {
    echo 'int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n) { return !b && n; }' >"$scratch/probe.c"
    "$1" -fsanitize=fuzzer,address -o "$scratch/probe" "$scratch/probe.c" 2>/dev/null
}

compiler=${CC:-clang}
if has_libfuzzer "$compiler"; then
    instrument=-fsanitize=fuzzer-no-link engine=-fsanitize=fuzzer
else
    compiler=${CC:-gcc} instrument='' engine=tests/fuzz/driver.c
    echo "# no libFuzzer (clang): random inputs by driver.c"
fi

# A fuzzer may ask for less: `SECONDS: N` in a comment of its own. SECONDS_EACH wins.
seconds() {
    local own
    own=$(sed -n 's,^/\* SECONDS: \([0-9]*\) \*/$,\1,p' "tests/fuzz/$1.c")
    echo "${SECONDS_EACH:-${own:-$each}}"
}

names=()
for file in tests/fuzz/*.c; do
    name=${file##*/} name=${name%.c}
    [ "$name" = driver ] || { [ -n "${1:-}" ] && [ "$1" != "$name" ]; } || names+=("$name")
done
echo "1..${#names[@]}"
if ! make -s SETUP=no SANITIZE=1 BUILD="$build" CC="$compiler" CFLAGS="-O1 -g $instrument" "$build/libsbx.a" \
    >"$scratch/make" 2>&1; then
    sed 's/^/# /' "$scratch/make"
    echo 'Bail out! the library does not build for fuzzing'
    exit 1
fi

failed=0 count=0
for name in "${names[@]}"; do
    count=$((count + 1))
    # shellcheck disable=SC2086 # flags
    if ! "$compiler" -std=gnu17 -O1 -g -Wall -Wextra -D_GNU_SOURCE -Isrc -I"$build/gen" -fsanitize=address,undefined \
        -fno-sanitize-recover=undefined $engine -o "$build/fuzz-$name" "tests/fuzz/$name.c" "$build/libsbx.a" \
        -lseccomp -lcap -lcgroup -ljansson 2>"$scratch/out"; then
        status=1
    elif [ "$engine" = -fsanitize=fuzzer ]; then
        mkdir -p "$scratch/$name"
        [ ! -d "tests/fuzz/corpus/$name" ] || cp "tests/fuzz/corpus/$name"/* "$scratch/$name/"
        "$build/fuzz-$name" -max_total_time="$(seconds "$name")" -max_len=1024 -timeout=10 -print_final_stats=1 \
            -artifact_prefix="$build/fuzz-$name-" "$scratch/$name" >"$scratch/out" 2>&1
        status=$?
        grep -e number_of_executed_units "$scratch/out" | sed "s/^/# $name: /"
    else
        seed=$RANDOM$RANDOM
        "$build/fuzz-$name" "$(seconds "$name")" "$seed" >"$scratch/out" 2>&1
        status=$?
        sed "s/^/# $name, seed $seed: /" "$scratch/out" | tail -n 1
    fi
    if [ "$status" -eq 0 ]; then
        echo "ok $count - $name"
    else
        echo "not ok $count - $name"
        tail -n 60 "$scratch/out" | sed 's/^/# /'
        failed=1
    fi
done
exit "$failed"
