#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Privileges: capabilities, no_new_privs, securebits, MDWE, ids; a set-user-ID program that gains nothing.
. "${0%/*}/lib.sh"

# has KEY=VALUE... -- OPTION...: `show` under these options says all of it.
has() {
    local name=$1 want=() line
    shift
    while [ "$1" != -- ]; do want+=("$1") && shift; done
    shift
    run 20 '' sbx-run "$@" -- show
    for line in "${want[@]}"; do
        grep -Eqx "$line" <<<"$said" || { fail "$name" "no line $line"$'\n'"$(detail sbx-run "$@" -- show)" && return; }
    done
    pass "$name"
}
none=0000000000000000

has 'no_new_privs and a filter'              NoNewPrivs=1 Seccomp=2 --
for set in Inh Prm Eff Amb; do has "Cap$set is empty" "Cap$set=$none" --; done
has 'that holds without limits too'          NoNewPrivs=1 Seccomp=2 "CapPrm=$none" "CapEff=$none" -- --limits=off
if grep -q Landlock <(sbx-run --dry-run -- true) && sbx-run --dry-run -- true | grep -qi mdwe && ! sbx-run --check | grep -qi 'mdwe.*\(not\|degrad\)'; then
    has 'memory-deny-write-execute is set'   mdwe=1 --
fi
has 'not where mmap is opened'               mdwe=0 -- --allow=memory.exec
if as_root; then
    has 'the bounding set is empty'          "CapBnd=$none" --
    has 'securebits are set and locked'      'securebits=0x(f|cf|ef|ff)' --
    has '--keep-cap reaches the program'     CapEff=0000000000000400 CapPrm=0000000000000400 CapAmb=0000000000000400 CapBnd=0000000000000400 NoNewPrivs=1 -- --keep-cap=net_bind_service
    has '--keep-cap of two, in either case'  CapEff=0000000000000401 -- --keep-cap=NET_BIND_SERVICE,chown
    has '--keep-cap with the prefix'         CapEff=0000000000000001 -- --keep-cap=cap_chown
    has '--user by number'                   uid=12345,12345,12345 gid=54321,54321,54321 'groups=(54321)?' "CapEff=$none" "CapBnd=$none" -- --user=12345 --group=54321
    has '--user by name'                     uid=65534,65534,65534 gid=65534,65534,65534 -- --user=nobody
    has '--user with --keep-cap'             uid=65534,65534,65534 CapEff=0000000000000400 CapAmb=0000000000000400 -- --user=nobody --keep-cap=net_bind_service
    t '--keep-cap of what is not held: 125'  status=125 err='sbx-run: cannot .*(\(.*\))' -- setpriv --bounding-set=-net_raw --inh-caps=-net_raw sbx-run --keep-cap=net_raw -- true
    t 'a low port is refused without it'     status=1 err='Permission denied' -- sbx-run --user=nobody -- python3 -c 'import socket; socket.socket().bind(("127.0.0.1", 987))'
    t 'and can be bound with it'             -- sbx-run --user=nobody --keep-cap=net_bind_service -- python3 -c 'import socket; socket.socket().bind(("127.0.0.1", 987))'
    t 'a kept capability opens its calls'    out='setgroups 0 0 = ok' -- sh -c 'echo "setgroups 0 0" | sbx-run --keep-cap=setgid -- try-call'
    t 'and no others'                        out='EPERM.*EPERM' -- sh -c 'printf "setuid 1\nmount bad bad bad 0 0\n" | sbx-run --keep-cap=setgid -- try-call | paste -sd" "'
    t 'root is told of --user'               out='--user' -- script -qec 'sbx-run -- true' /dev/null
    both 'files of root alone stay root'\''s: nobody cannot read them' outside=root: inside='denied' options=--user=nobody -- cat /etc/shadow
else
    has 'ids stay'                           "uid=$(id -u),$(id -u),$(id -u)" "gid=$(id -g),$(id -g),$(id -g)" --
    t '--user of another: 125'               status=125 err='sbx-run: cannot .*(\(.*\))' -- sbx-run --user=0 -- true
    t '--user of oneself'                    out=^ok$ -- sbx-run "--user=$(id -u)" "--group=$(id -g)" -- echo ok
    t '--keep-cap of what is not held: 125'  status=125 err='sbx-run: cannot .*(\(.*\))' -- sbx-run --keep-cap=net_raw -- true
    if [ -u "$PLACE/bin/show-suid" ]; then
        both 'a set-user-ID program gains nothing' outside='uid=[1-9][0-9]*,0,0' inside='uid=[1-9][0-9]*,[1-9][0-9]*,[1-9][0-9]*' -- show-suid
        both 'nor with every call allowed' outside='uid=[1-9][0-9]*,0,0' inside='uid=[1-9][0-9]*,[1-9][0-9]*,[1-9][0-9]*' options='--allow=all --deny=file.mount' -- show-suid
    else
        skip 'a set-user-ID program gains nothing' 'only root can make one that is root'\''s'
    fi
fi

# A program that sets out to get back what it lost.
t 'no_new_privs cannot be cleared, a capability not raised' out='EPERM' not='= ok' -- sh -c 'printf "prctl PR_SET_NO_NEW_PRIVS 0 0 0 0\nprctl PR_SET_SECUREBITS 0 0 0 0\n" | sbx-run -- try-call'
t 'capset gains nothing'                     out='capset: (EPERM|refused)' -- sbx-run -- python3 -c '
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
data = (ctypes.c_uint32 * 6)(*[0xffffffff] * 6)
result = libc.syscall(126 if ctypes.sizeof(ctypes.c_void_p) == 8 and __import__("platform").machine() == "x86_64" else 91, header, data)
print("capset:", "gained" if result == 0 else errno.errorcode[ctypes.get_errno()])'
finish
