# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The place where launch tests run: a temporary tree that an ordinary user can read, with copies of the programs, a home and a
# working directory; for root a cgroup of their own, so that what is left behind can be told from the work of others.
#   place_make root|user    place_run COMMAND...    place_end

place=
place_groups=()

# A number that nobody uses: no process, no account.
place_free_uid() {
    local uid
    for ((uid = 20000 + $$ % 30000; uid < 60000; uid++)); do
        getent passwd "$uid" >/dev/null || pgrep -u "$uid" >/dev/null || break
    done
    echo "$uid"
}

# cgroup v1: groups of sbx-run are made below the one that it is in, so the tests go into one of their own. On v2 a group
# that holds processes can have no children, and sbx-run finds its own way.
place_groups_make() {
    local controller own
    for controller in pids memory; do
        own=$(awk -F: -v c="$controller" '$2 ~ "(^|,)" c "(,|$)" { print $3 }' /proc/self/cgroup)
        [ -n "$own" ] && [ -w "/sys/fs/cgroup/$controller$own/cgroup.procs" ] || continue
        mkdir "/sys/fs/cgroup/$controller${own%/}/tests-$$" && place_groups+=("/sys/fs/cgroup/$controller${own%/}/tests-$$")
    done
}

place_make() {
    place_subject=$1
    place=$(mktemp -d "${TMPDIR:-/tmp}/sbx-tests.XXXXXX") || return 1
    mkdir "$place/bin" "$place/work" "$place/home" "$place/tmp"
    cp "$BUILD"/sbx-run "$BUILD"/helpers/* "$place/bin/" 2>/dev/null
    for program in sbx-profile sbx-audit; do [ ! -e "$BUILD/$program" ] || cp "$BUILD/$program" "$place/bin/"; done
    rm -f "$place"/bin/*.d
    cp -r tests/launch "$place/"
    if [ "$place_subject" = user ] && [ "$(id -u)" -eq 0 ]; then
        place_uid=$(place_free_uid)
        { cat /etc/passwd && echo "sbxtest:x:$place_uid:$place_uid::$place/home:/bin/sh"; } >"$place/passwd"
        # For the tests that show that a set-user-ID program gains nothing.
        install -m 4755 "$place/bin/show" "$place/bin/show-suid"
        chown -R "$place_uid:$place_uid" "$place/work" "$place/home" "$place/tmp"
    else
        place_uid=$(id -u)
    fi
    chmod -R go+rX,go-w "$place"
    [ ! -e "$place/bin/show-suid" ] || chmod 4755 "$place/bin/show-suid"
    place_groups=()
    [ "$(id -u)" -ne 0 ] || [ "$place_subject" != root ] || place_groups_make
}

place_run() (
    for group in ${place_groups[@]+"${place_groups[@]}"}; do echo "$BASHPID" >"$group/cgroup.procs" || exit 1; done
    surrounding=(env -i "HOME=$place/home" "PATH=$place/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" LANG=C.UTF-8 TERM=dumb
        "USER=$(id -nu 2>/dev/null || id -u)" "TMPDIR=$place/tmp" "SUBJECT=$place_subject" "PLACE=$place" "GROUPS_OWN=${place_groups[*]-}")
    cd "$place" || exit 1
    # Where they can, tests that root starts run in a mount and a pid namespace of theirs: a mount that should have been refused
    # stays there, and so does a kill(-1) that went too far. The shell is its first process, which reaps.
    apart=(unshare --mount --propagation private --pid --fork --kill-child --mount-proc)
    [ "$(id -u)" -eq 0 ] && "${apart[@]}" true 2>/dev/null || apart=()
    if [ "$place_uid" = "$(id -u)" ]; then
        [ ${#apart[@]} -eq 0 ] || apart+=(sh -c '"$@"; exit $?' sh)
        exec ${apart[@]+"${apart[@]}"} "${surrounding[@]}" "$@"
    fi
    become=(setpriv "--reuid=$place_uid" "--regid=$place_uid" --clear-groups "--inh-caps=-all" "${surrounding[@]}" USER=sbxtest)
    # The user gets a line in a passwd of its own where mounts are possible: ssh-keygen and git want one.
    # shellcheck disable=SC2016
    if [ ${#apart[@]} -gt 0 ]; then
        exec "${apart[@]}" sh -c 'mount --bind "$0" /etc/passwd && "$@"; exit $?' "$place/passwd" "${become[@]}" "$@"
    fi
    exec "${become[@]}" "$@"
)

# What tests that failed have left is ended: processes in groups that we made, and those of the user that we made up.
place_end() {
    local group pids
    [ -n "$place" ] || return 0
    for group in ${place_groups[@]+"${place_groups[@]}"}; do
        for _ in 1 2 3 4 5; do
            pids=$(find "$group" -name cgroup.procs -exec cat {} +)
            [ -n "$pids" ] || break
            # shellcheck disable=SC2086 # a list of numbers
            kill -9 $pids 2>/dev/null
            sleep 0.2
        done
    done
    [ "$place_uid" = "$(id -u)" ] || pkill -9 -u "$place_uid"
    for group in ${place_groups[@]+"${place_groups[@]}"}; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
        [ ! -d "$group" ] || echo "  LEFT BEHIND: $group" >&2
    done
    place_groups=()
    rm -rf --one-file-system "$place"
    place=
}
