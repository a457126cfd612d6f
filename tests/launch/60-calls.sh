#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The filter: every line of calls.tbl, made outside and inside.
. "${0%/*}/lib.sh"

# Both sides in a fresh directory each, with all calls in one process tree.
table=$PLACE/launch/calls.tbl
grep -v -e '^#' -e '^$' "$table" | sed 's/ *= */ = /; s/^\([a-z]*\)  */\1 /' >"$output/rows"
sed 's/^[a-z]* //; s/ = .*//' "$output/rows" >"$output/calls"

answers() {
    mkdir -p "$1" && (cd "$1" && shift && timeout 60 "$@" <"$output/calls" 2>"$output/errors" | sed 's/.* = //')
}
answers outside try-call >"$output/outside"
answers inside sbx-run -- try-call >"$output/inside"
if [ "$(wc -l <"$output/inside")" != "$(wc -l <"$output/calls")" ]; then
    fail 'all calls are tried' "$(cat "$output/errors")"$'\n'"the last was $(sed -n "$(($(wc -l <"$output/inside") + 1))p" "$output/calls")"
fi

# judge WHOM CALL WANTED OUTSIDE INSIDE
judge() {
    local name="$2 = $3"
    if [ "$4" = none ]; then
        skip "$name" 'this architecture has no such call'
    elif [ "$3" = same ]; then
        if [ "$5" = "$4" ]; then pass "$name ($4)"; else fail "$name" "outside $4, inside $5"; fi
    elif [ "$5" != "$3" ]; then
        fail "$name" "inside it answers $5 (outside $4)"
    elif [ "$4" != "$3" ]; then
        pass "$name (outside $4)"
    elif [ "$1" = root ] && ! as_root; then
        pass "$name (the kernel's own answer to a user, too)"
    else
        skip "$name" "the kernel answers $4 outside too"
    fi
}
while IFS='|' read -r row outside inside; do
    whom=${row%% *} row=${row#* }
    judge "$whom" "${row% = *}" "${row##* = }" "$outside" "$inside"
done < <(paste -d'|' <(sed 's/|/@/g' "$output/rows") "$output/outside" "$output/inside" | sed 's/@/\&/g')
for made in inside/made-*; do
    [ ! -u "$made" ] && [ ! -g "$made" ] || fail 'no set-user-ID file was made' "$(ls -l "$made")"
done

# What opens and what shuts a call.
call() { printf '%s\n' "$@"; }
calls_under() {
    local name=$1 want=$2 calls=$3
    shift 3
    t "$name" "out=$want" "in=$calls" -- sbx-run "$@" -- try-call
}
calls_under '--allow=CALL opens it'                  'unshare 0 = ok'                'unshare 0'  --allow=unshare
calls_under '--allow=FEATURE opens what it names'    '= ok'                          'socket AF_NETLINK SOCK_RAW 0' --allow=net.netlink
calls_under 'and nothing else'                       '= EPERM'                       'unshare 0'  --allow=net.netlink
calls_under '--allow=FEATURE opens ENOSYS rows too'  'clone3 bad 0 = E(INVAL|FAULT)' 'clone3 bad 0' --allow=process.namespaces
calls_under '--allow=CATEGORY.* opens all of it'     'userfaultfd 1 = ok'            'userfaultfd 1' '--allow=system.*'
# Mounting cannot be had inside Landlock path rules, which guard /sys from root: then that is said.
calls_under '--allow=all opens all'                  'userfaultfd 1 = ok'            'userfaultfd 1' --allow=all --deny=file.mount
as_root && t '--allow=all to root: what cannot be had is said' status=125 err='sbx-run: cannot .*mount.*\(.*\)' -- sbx-run --allow=all -- true
calls_under '--deny=CALL shuts it'                   'getppid = EPERM'               'getppid'    --deny=getppid
calls_under '--deny=CATEGORY shuts all of it'        'EAFNOSUPPORT'                  'socket AF_INET SOCK_STREAM 0' --deny=net
calls_under 'what comes later wins'                  'getppid = ok'                  'getppid'    --deny=getppid --allow=getppid
calls_under 'in either order'                        'getppid = EPERM'               'getppid'    --allow=getppid --deny=getppid
calls_under '--allow=CATEGORY takes a --deny back, as the policy has it' 'EAFNOSUPPORT' 'socket AF_NETLINK SOCK_RAW 0' --deny=net --allow=net
calls_under 'socket again after it'                  '= ok'                          'socket AF_INET SOCK_STREAM 0' --deny=net --allow=net
calls_under 'memory.exec opens mmap'                 '= ok'                          'mmap 0 4096 PROT_READ|PROT_WRITE|PROT_EXEC MAP_PRIVATE|MAP_ANONYMOUS -1 0' --allow=memory.exec
# The launcher's own execve is let through, the program's is not.
both 'execve refused to the program' outside=^child$ inside='not permitted|Permission' options=--deny=execve,execveat -- sh -c '/bin/echo child; exit 0'
t 'the program itself starts'        out=^alive$   -- sbx-run --deny=execve,execveat -- sh -c 'echo alive'
t 'every category refused in turn: the program starts or it is said why not' out='^0+$' -- sh -c '
    for c in file net process memory signal time system ipc; do
        timeout 20 sbx-run --deny=$c -- true >/dev/null 2>err; s=$?
        if [ $s = 125 ] && ! grep -q "^sbx-run: cannot" err; then echo "$c: $s without a word"; elif [ $s = 124 ]; then echo "$c hangs"; else printf 0; fi
    done'

# A filter that the program installs itself comes on top; it never takes ours away.
both 'a filter of the program'\''s own adds to it' outside='filter: ok mkdir: 1 unshare: 0' inside='filter: ok mkdir: 1 unshare: 1' -- python3 -c '
import ctypes, platform, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
mkdir = {"x86_64": 83, "aarch64": 34}[platform.machine()]
unshare = {"x86_64": 272, "aarch64": 97}[platform.machine()]
code = struct.pack("HBBIHBBIHBBIHBBI", 0x20, 0, 0, 0, 0x15, 0, 1, mkdir, 0x06, 0, 0, 0x00050001, 0x06, 0, 0, 0x7fff0000)
text = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(text))
result = libc.prctl(22, 2, program, 0, 0)
print("filter:", "ok" if result == 0 else ctypes.get_errno(), "mkdir:", int(libc.syscall(mkdir, b"/nowhere/x", 0, 0) != 0), "unshare:", int(libc.unshare(0) != 0))'
t 'every descendant is under it'     out='^unshare 0 = EPERM$' -- sbx-run -- sh -c 'sh -c "(echo unshare 0 | try-call)"'
t 'every thread is under it'         out='^1 1 1$' -- sbx-run -- python3 -c '
import ctypes, threading
libc = ctypes.CDLL(None, use_errno=True)
out = []
threads = [threading.Thread(target=lambda: out.append(int(libc.unshare(0) != 0))) for _ in range(3)]
[t.start() for t in threads]; [t.join() for t in threads]
print(*out)'
finish
