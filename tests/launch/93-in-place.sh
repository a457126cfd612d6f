#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In place: sbx-run becomes the program, as a manager of services wants it.
. "${0%/*}/lib.sh"

# Root's groups would need somebody who removes them; a user's namespace goes with the program.
if as_root; then place='sbx-run --in-place --limits=off'; else place='sbx-run --in-place'; fi
if as_root; then supervised='sbx-run --limits=off'; else supervised='sbx-run'; fi
t 'the pid is sbx-run'\''s'                 out='^same$' -- sh -c 'sh -c "echo \$\$ >pid; exec '"$place"' -- sh -c \"echo \\\$\\\$ >inside\""; cmp pid inside && echo same'
t 'no process of sbx-run stays'             out='^0$' -- sh -c "$place -- sh -c 'ps -o comm= --ppid \$PPID | grep -c sbx-'; :"
t 'it ends by the signal itself'            out='^-15$' -- python3 -c '
import subprocess, sys
print(subprocess.run(sys.argv[1].split() + ["--", "sh", "-c", "kill -TERM $$"]).returncode)' "$place"
run 30 '' $place -- show
lasting() { grep -v -e ^SigQ -e ^rlimit-nproc -e ^argv -e ^pid-is <<<"$said"; }
inside=$(lasting)
run 30 '' $supervised -- show
if [ -n "$inside" ] && [ "$inside" = "$(lasting)" ]; then
    pass 'it is confined as under a supervisor'
else
    fail 'it is confined as under a supervisor' "$(diff <(echo "$inside") <(echo "$said"))"
fi

# What a manager gives to the main process of a unit.
t 'the variables of a unit arrive'          out='^/run/x 2 30 7$' -- env NOTIFY_SOCKET=/run/x LISTEN_FDS=2 WATCHDOG_USEC=30 LISTEN_PID=7 $place -- sh -c 'echo $NOTIFY_SOCKET $LISTEN_FDS $WATCHDOG_USEC $LISTEN_PID'
t 'descriptors of socket activation arrive' out='^three four$' -- sh -c "echo three >3; echo four >4; exec $place --keep-fd=3 --keep-fd=4 -- sh -c 'read a <&3; read b <&4; echo \$a \$b' 3<3 4<4"
t 'others do not'                           out='^fds=0,1,2,4$' -- sh -c "exec $place --keep-fd=4 -- show 3<3 4<4 5<4 | grep ^fds"
t 'the manager is told by the main pid'     out='^READY=1 same$' -- python3 -c '
import os, socket, struct, subprocess, sys
address = os.path.abspath("notify")
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
manager.bind(address)
unit = subprocess.Popen(sys.argv[1].split() + ["--", "python3", "-c", """
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
s.send(b"READY=1")
"""], env=dict(os.environ, NOTIFY_SOCKET=address))
manager.settimeout(20)
data, control, *_ = manager.recvmsg(100, 100)
pid = struct.unpack("iii", control[0][2])[0]
unit.wait()
os.unlink(address)
print(data.decode(), "same" if pid == unit.pid else (pid, unit.pid))' "$place"

# What needs somebody who stays is refused.
t '--timeout: 125'                          status=125 err='sbx-run: cannot .*--timeout.*\(.*--in-place' not=ran-it -- $place --timeout=5 -- echo ran-it
if as_root && [ -n "$GROUPS_OWN" ]; then
    t 'a group that nobody would remove: 125 with the remedy' status=125 err='sbx-run: cannot .*(TasksMax|--limits=off)' not=ran-it -- sbx-run --in-place -- echo ran-it
    t 'the same where it is named'          status=125 err='sbx-run: cannot .*(TasksMax|--limits=off)' not=ran-it -- sbx-run --in-place --limits=cgroup -- echo ran-it
fi
as_root || t 'a user namespace holds the limits' out='got ([0-9]|1[0-9]) of 40: EAGAIN' -- sh -c 'sbx-run --in-place --pids=20 -- bomb fork 40; :'
t 'a program that is not there: 127'        status=127 err='sbx-run: cannot' -- $place -- ./no-such-program
t 'SIGCHLD ignored by the parent stays so'  out='^same$' -- sh -c "trap '' CHLD; show | grep ^SigIgn >1; $place -- show | grep ^SigIgn >2; cmp 1 2 && echo same"
t '--die-with-parent'                       within=20 out='^dead$' -- sh -c '
    rm -f ready; sh -c "'"$place"' --die-with-parent -- sh -c \"echo \\\$\\\$ >ready; exec sleep 500\" & wait" & parent=$!
    for i in $(seq 400); do [ -s ready ] && break; sleep 0.05; done
    kill -9 $parent; wait $parent 2>/dev/null; p=$(cat ready)
    for i in $(seq 100); do [ -d /proc/$p ] && ! grep -q "^State:.Z" /proc/$p/status || { echo dead; break; }; sleep 0.05; done'
finish
