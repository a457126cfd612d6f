#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The end of a sandbox, whichever way it is ended: nothing of the program outlives it, and nothing else is touched.
. "${0%/*}/lib.sh"

# A pid namespace of the test's own, so that a kill(-1) gone astray ends this test and not the machine.
apart() { if as_root; then unshare --pid --fork --mount-proc "$@"; else unshare --user --map-current-user --pid --fork --mount-proc "$@"; fi; }
if apart true 2>/dev/null; then
    for call in landlock_restrict_self landlock_create_ruleset prctl clone; do
        t "a start that fails at $call kills nobody else" out='^125 alive$' within=30 -- bash -c "$(declare -f apart as_root)"'
            apart sh -c "sleep 50 & sbx-run --profile=none --deny=$0 -- sbx-run --limits=off -- true 2>err; s=\$?; kill -0 \$! && echo \$s alive; kill \$!"' "$call"
    done
else
    skip 'a start that fails early kills nobody else' 'no pid namespace can be made here'
fi

# --- the ways of an end: a line each, NAME|what an older kernel lacks|options
# An outer filter that refuses Landlock makes the kernel look older; in place, it leaves no process of its own.
old='sbx-run --profile=none --in-place --deny=landlock_create_ruleset --'
older='sbx-run --profile=none --in-place --deny=landlock_create_ruleset,process.namespaces --'
ways() {
    echo 'scope||'
    echo 'scope, no limits||--limits=off'
    echo "pid namespace|$old|--try=landlock$(as_root && echo ' --limits=off')"
    if as_root; then echo "group|$old|--try=landlock"; else echo "children|$older|--try=landlock --limits=off"; fi
}
ours() { pgrep -x sbx-keeper; pgrep -x sbx-run; }
before=$(ours)

# await SECONDS COMMAND...: until it succeeds.
await() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt "$deadline" ] || return 1
        sleep 0.02
    done
}
nobody() { [ -z "$(grep -lsz "^SBX_TEST=$mark\$" /proc/[0-9]*/environ)" ] && [ "$(ours)" = "$before" ]; }
gone() { [ ! -d "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }
empty_groups() { [ -z "$GROUPS_OWN" ] || [ -z "$(find $GROUPS_OWN -mindepth 1 -type d)" ]; }
finish_of() { # NAME CONDITION... : a test, which tidies up when it fails
    local name=$1 why
    shift
    if "$@"; then pass "$name"; else
        why=$(left_behind; ours)
        fail "$name" "failed: $*"$'\n'"$why"
    fi
}

# Somebody else's: a process of the same user, and a sandbox that goes on.
sleep 600 &
bystander=$!
sbx-run --name=neighbour -- sleep 600 &
neighbour=$!
await 20 pgrep -P "$neighbour" sleep >/dev/null || fail 'a sandbox beside' 'it did not start'
before=$(ours)

leave='bomb daemons 5; bomb sibling 2; sh -c "sleep 500 & sleep 500 &"; setsid sh -c "trap : TERM HUP; sleep 500 & exec sleep 500" & '
while IFS='|' read -r way lacks options; do
    # shellcheck disable=SC2086 # lists of words
    {
        run 60 '' $lacks sbx-run $options --dry-run -- true
        # The plan names a namespace alone; the others differ in what they have none of.
        [[ $way != pid* ]] || [[ $said =~ 'pid: the program ends with it' ]] || fail "$way: the machine can be made to look like that" "$(detail)"
        run 60 '' $lacks sbx-run $options -- sh -c "$leave exit 7"
        if [ "$status" = 7 ] && nobody; then pass "$way: what was left is ended"; else fail "$way: what was left is ended" "$(left_behind; ours; detail "$way")"; fi
        run 60 '' $lacks sbx-run $options -- bomb storm 20
        if [ "$status" = 0 ] && await 3 nobody; then pass "$way: a program that keeps forking"; else fail "$way: a program that keeps forking" "$(left_behind; ours; detail "$way")"; fi

        # Killed with -9: the program at once, the rest at once or with the next start.
        rm -f ready
        SBX_TEST=$mark $lacks sbx-run $options -- sh -c "echo \$\$ >program; $leave echo ready >ready; exec sleep 500" >/dev/null 2>&1 &
        pid=$!
        await 30 test -s ready || fail "$way: it starts" "$(cat ready program 2>&1)"
        inside=$(pgrep -P "$pid" -x sleep)
        [ -n "$inside" ] || fail "$way: the program is found" "$(ps -ef)"
        kill -9 "$pid"
        wait "$pid" 2>/dev/null
        finish_of "$way: sbx-run killed with -9: the program dies at once" await 3 gone "$inside"
        [ "$way" = children ] || await 2 nobody || run 60 '' $lacks sbx-run $options -- true
        if [ "$way" = children ]; then
            left_behind >/dev/null # said in the manual: no guarantee there
        else
            finish_of "$way: and all that it started, at the latest with the next start" await 5 nobody
            finish_of "$way: no group stays but the neighbour's" sh -c '[ -z "$0" ] || [ "$(find $0 -mindepth 1 -type d | grep -vc neighbour)" = 0 ]' "$GROUPS_OWN"
        fi

        # The time limit.
        run 60 '' $lacks sbx-run $options --timeout=300ms --kill-after=300ms -- sh -c "trap '' TERM; $leave while :; do sleep 0.1; done"
        if [ "$status" = 124 ] && await 3 nobody; then pass "$way: --timeout, --kill-after"; else fail "$way: --timeout, --kill-after" "$(left_behind; detail)"; fi
        run 60 '' $lacks sbx-run $options --timeout=300ms --kill-after=20s -- sh -c 'trap "echo asked; exit 3" TERM; while :; do sleep 0.05; done'
        if [ "$status" = 124 ] && [ "$said" = asked ]; then pass "$way: --timeout asks first"; else fail "$way: --timeout asks first" "$(detail)"; fi
        run 60 '' $lacks sbx-run $options --timeout=500ms --kill-after=200ms -- sh -c 'kill -STOP $$; echo woken'
        if [ "$status" = 124 ] && await 3 nobody; then pass "$way: --timeout of a program that stopped itself"; else fail "$way: --timeout of a program that stopped itself" "$(left_behind; detail)"; fi

        # With its parent.
        rm -f ready
        SBX_TEST=$mark sh -c "$lacks sbx-run $options --die-with-parent -- sh -c '$leave echo ready >ready; exec sleep 500' & echo \$! >pid; wait" >/dev/null 2>&1 &
        parent=$!
        await 30 test -s ready
        pid=$(cat pid)
        kill -9 "$parent"
        wait "$parent" 2>/dev/null
        await 3 gone "$pid"
        [ "$way" = children ] || await 2 nobody || run 60 '' $lacks sbx-run $options -- true
        if [ "$way" = children ]; then
            finish_of "$way: --die-with-parent" await 3 gone "$pid"
            left_behind >/dev/null
        else
            finish_of "$way: --die-with-parent" await 5 nobody
        fi
    } 2>"$output/noise"
done < <(ways)

exec 3>&2 2>"$output/noise" # what the shell says of jobs that were killed
# Without --die-with-parent it goes on.
rm -f ready
SBX_TEST=$mark sh -c 'sbx-run -- sh -c "echo ready >ready; exec sleep 500" & echo $! >pid; wait' >/dev/null 2>&1 &
parent=$!
await 30 test -s ready
pid=$(cat pid)
kill -9 "$parent"
wait "$parent" 2>/dev/null
sleep 0.3 # for it to do what it must not
finish_of 'it outlives its parent where nothing else is asked' sh -c '! [ ! -d "/proc/$0" ]' "$pid"
kill "$pid"
await 5 nobody || fail 'and ends by a signal' "$(left_behind; ours)"

# Both killed at once: the group is there for the next start to end, and the neighbour's stays.
if as_root && [ -n "$GROUPS_OWN" ]; then
    for _ in 1 2 3; do
        rm -f ready
        SBX_TEST=$mark sbx-run -- sh -c "$leave echo ready >ready; exec sleep 500" >/dev/null 2>&1 &
        pid=$!
        await 30 test -s ready
        kill -STOP "$pid"
        kill -9 "$(pgrep -P "$pid" -x sbx-keeper)" "$pid"
        wait "$pid" 2>/dev/null
    done
    run 60 '' sbx-run -- true
    finish_of 'sbx-run and its keeper killed: the next start ends what is left' await 3 nobody
    finish_of 'and removes the groups but for the neighbour'\''s' sh -c '[ "$(find $0 -mindepth 1 -type d | grep -vc neighbour)" = 0 ]' "$GROUPS_OWN"
fi
finish_of 'a process of the same user and a sandbox beside are as before' sh -c 'kill -0 "$0" && kill -0 "$1" && [ -n "$(pgrep -P "$1" -x sleep)" ]' "$bystander" "$neighbour"
kill "$bystander" "$neighbour"
wait 2>/dev/null
finish_of 'no group is left' await 3 empty_groups
exec 2>&3
finish
