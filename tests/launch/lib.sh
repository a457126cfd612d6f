# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the launch tests are written in. Each prints a line of TAP.
#
#   t NAME [status=PATTERN] [out=REGEX] [err=REGEX] [not=REGEX] [in=TEXT] [within=SECONDS] -- COMMAND...
#       the command ends with this status (0) and its output and errors match; afterwards nothing of it is left.
#   both NAME outside=REGEX inside=REGEX [options=WORDS] [within=SECONDS] -- COMMAND...
#       the command's output matches `outside` as it is and `inside` under sbx-run: a refusal that is shown to be one. Where the
#       machine does not let it happen outside either, what it must say inside is checked all the same and the test is skipped.
#   pass NAME, fail NAME DETAIL, skip NAME REASON, needs COMMAND NAME (false, and skipped, where it is not installed)
#   finish: the last line of a file
set -u
number=0
output=$(mktemp -d)
mark=sbx-test-$$
mounts=$(cat /proc/self/mounts)
# A directory for each file of tests: what one leaves is not in another's way.
work=$PLACE/work/$(basename "$0" .sh)
mkdir -p "$work" && cd "$work" || exit 1

pass() { echo "ok $((++number)) - $1"; }
skip() { echo "ok $((++number)) - $1 # SKIP $2"; }
fail() {
    echo "not ok $((++number)) - $1"
    printf '%s\n' "$2" | sed 's/^/# /' | head -n 60
}
needs() {
    command -v "$1" >/dev/null && return 0
    skip "$2" "$1 is not installed"
    return 1
}
finish() {
    if [ "$mounts" = "$(cat /proc/self/mounts)" ]; then pass 'no mount is left'; else fail 'no mount is left' "$(cat /proc/self/mounts)"; fi
    echo "1..$number"
    cd / && rm -rf "$output"
}

as_root() { [ "$SUBJECT" = root ]; }

# Processes that carry this test's mark, and groups below the tests' own: "" when nothing is left. The processes are ended, so
# that one failure is one failure.
left_behind() {
    local found='' pid
    for pid in $(grep -lsz "^SBX_TEST=$mark\$" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${pid#/proc/} pid=${pid%/environ}
        found+="process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"$'\n'
        kill -9 "$pid" 2>/dev/null
    done
    # shellcheck disable=SC2086 # a list of directories
    [ -z "$GROUPS_OWN" ] || found+=$(find $GROUPS_OWN -mindepth 1 -type d 2>/dev/null)
    printf %s "$found"
}

# run SECONDS INPUT COMMAND...: sets $status, $said (output), $complained (errors).
run() {
    local limit=$1 input=$2
    shift 2
    # In a subshell, which tells nobody that a signal ended the command.
    (
        printf %s "$input" | SBX_TEST=$mark timeout -k 5 "$limit" "$@" >"$output/out" 2>"$output/err"
        exit "${PIPESTATUS[1]}"
    ) 2>/dev/null
    status=$?
    said=$(tr -d '\0' <"$output/out")
    complained=$(tr -d '\0' <"$output/err")
}

detail() {
    printf 'command: %s\nstatus: %s\n' "$*" "$status"
    [ -z "$said" ] || printf 'output: %s\n' "$said"
    [ -z "$complained" ] || printf 'errors: %s\n' "$complained"
}

t() {
    local name=$1 want=0 out='' err='' not='' in='' within=60 why=''
    shift
    while [ "$1" != -- ]; do
        case $1 in
        status=*) want=${1#*=} ;;
        out=*) out=${1#*=} ;;
        err=*) err=${1#*=} ;;
        not=*) not=${1#*=} ;;
        in=*) in=${1#*=} ;;
        within=*) within=${1#*=} ;;
        *) fail "$name" "the test is written wrongly: $1" && return ;;
        esac
        shift
    done
    shift
    run "$within" "$in" "$@"
    [[ $status == $want ]] || why+="status $status, not $want; "
    [ -z "$out" ] || [[ $said =~ $out ]] || why+="output does not match $out; "
    [ -z "$err" ] || [[ $complained =~ $err ]] || why+="errors do not match $err; "
    [ -z "$not" ] || [[ ! $said$complained =~ $not ]] || why+="$not is in what it wrote; "
    rest=$(left_behind)
    [ -z "$rest" ] || why+="left behind: $rest"
    if [ -z "$why" ]; then pass "$name"; else fail "$name" "$why"$'\n'"$(detail "$@")"; fi
}

both() {
    local name=$1 outside='' inside='' options='' within=60 free
    shift
    while [ "$1" != -- ]; do
        case $1 in
        outside=*) outside=${1#*=} ;;
        inside=*) inside=${1#*=} ;;
        options=*) options=${1#*=} ;;
        within=*) within=${1#*=} ;;
        *) fail "$name" "the test is written wrongly: $1" && return ;;
        esac
        shift
    done
    shift
    run "$within" '' "$@"
    free=$said$complained
    # shellcheck disable=SC2086 # a list of words
    run "$within" '' sbx-run $options -- "$@"
    rest=$(left_behind)
    if [[ ! $said$complained =~ $inside ]]; then
        fail "$name" "inside it must say $inside"$'\n'"$(detail sbx-run $options -- "$@")"
    elif [ -n "$rest" ]; then
        fail "$name" "left behind: $rest"
    elif [[ ! $free =~ $outside ]] || [[ $free =~ $inside ]]; then
        skip "$name" "this machine does not allow it outside either: $(printf %s "$free" | tr '\n' ' ' | cut -c1-200)"
    else
        pass "$name"
    fi
}
