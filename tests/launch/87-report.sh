#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --report and --metrics: what they say of runs of all kinds, where they are written, and what happens where they cannot be.
. "${0%/*}/lib.sh"

# says NAME WANTED EXPRESSION [OPTION...] -- COMMAND...: the report of this run, asked by the expression over `r`.
says() {
    local name=$1 want=$2 expression=$3 got options=()
    shift 3
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    rm -f r.json
    run 60 '' sbx-run --report=r.json ${options[@]+"${options[@]}"} -- "$@"
    got=$(python3 "$PLACE/launch/report.py" report r.json "$expression" 2>&1)
    if [[ $got =~ ^$want$ ]]; then pass "report: $name"; else fail "report: $name" "it says $got, not $want"$'\n'"$(detail sbx-run "${options[@]}" -- "$@")"; fi
}
refused='echo socket AF_NETLINK SOCK_RAW 0 | try-call >/dev/null'
thrice='yes socket AF_NETLINK SOCK_RAW 0 | head -n 3 | try-call >/dev/null'

# --- how it ended
says 'schema and version'          '\[1, "[0-9.]+"\]'                            '[r["schema"], r["version"]]' -- true
says 'an end by itself'            '\[7, null, false, "itself", null\]'          'list(r["exit"].values())' -- sh -c 'exit 7'
says 'a signal'                    '\[143, "SIGTERM", false, "signal", null\]'   'list(r["exit"].values())' -- sh -c 'kill -TERM $$'
says 'a rule that kills'           '\[159, "SIGSYS", false, "filter", null\]'    'list(r["exit"].values())' --kill=getppid -- sh -c 'echo getppid | exec try-call'
says 'the time limit'              '\[124, .*, true, "time limit", null\]'       'list(r["exit"].values())' --timeout=300ms -- sleep 60
says 'no program'                  '\[127, null, false, "start", "cannot execute /nowhere/none: No such file.*"\]' 'list(r["exit"].values())' -- /nowhere/none
says 'a file that is no program'   '\[126, null, false, "start", "cannot execute .*"\]' 'list(r["exit"].values())' -- /etc/passwd
says 'rlimit cpu'                  '"rlimit cpu"'                                'r["exit"]["ended_by"]' --rlimit=cpu=1:9 -- sh -c 'while :; do :; done'
says 'times'                       'true'                                        '200 <= r["times"]["elapsed_ms"] < 50000 and r["times"]["started"][:2] == "20"' -- sleep 0.2
says 'CPU time'                    'true'                                        'r["times"]["cpu_us"] > 10000' -- sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done'

# --- what was refused
says 'a refused call'              '\[true, true, 3, 0, 1\]'                     '[*list(r["refused"].values())[:4], len(r["refused"]["calls"])]' -- sh -c "$thrice"
says 'its words'                   '\{"call": "socket", "category": "net", "text": "socket\(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE\)", "action": "errno", "errno": "EAFNOSUPPORT", "count": 3, "first_from": "try-call", "remedy": "--allow=net.netlink", "danger": null\}' 'r["refused"]["calls"][0]' -- sh -c "$thrice"
says 'a danger'                    '\["bpf", "--allow=bpf", "runs programs inside the kernel"\]' '[r["refused"]["calls"][0][k] for k in ("call", "remedy", "danger")]' -- sh -c 'echo bpf 0 bad 0 | try-call'
says 'most often refused first'    '\["socket", "unshare"\]'                     '[c["call"] for c in r["refused"]["calls"]]' -- sh -c "echo unshare 0 | try-call; $thrice"
says 'more kinds than are listed'  '\[600, 88, 512\]'                            '[r["refused"]["total"], r["refused"]["not_listed"], len(r["refused"]["calls"])]' -- notify kinds 600
says 'a storm'                     '\[100000, 100000\]'                          '[r["refused"]["total"], r["refused"]["calls"][0]["count"]]' -- notify refused 100000 4
says 'learning: nothing was refused' '\[false, 1\]'                              '[r["refused"]["enforced"], r["refused"]["total"]]' --learn=learned -- sh -c 'echo unshare 0 | try-call'
says 'without a filter'            '\[false, null\]'                             '[r["refused"]["known"], r["refused"]["total"]]' --profile=none -- true
t 'nothing of it on standard error' out='^out$' not='sbx-run' -- sh -c "sbx-run --report=r.json -- sh -c '$refused; echo out' 2>&1"
t 'with --explain both'             err='refused socket.*allow with' -- sbx-run --report=r.json --explain=end -- sh -c "$refused"
t 'nested in one that listens'      out='^false$' err='not explained' -- sh -c 'sbx-run --explain=end --allow=file.ioctl -- sbx-run --report=r.json -- true && python3 "$PLACE/launch/report.py" report r.json "r[\"refused\"][\"known\"]"'

# --- what was in force
t 'the plan is that of the dry run' out='^same$' -- sh -c '
    set -- --report=r.json --deny=ptrace --timeout=60 --pids=99 --setenv=A=1
    sbx-run "$@" -- sh -c true && sbx-run "$@" --dry-run=json -- sh -c true >plan.json &&
    python3 -c "import json; r = json.load(open(\"r.json\")); print(\"same\" if r[\"plan\"] == json.load(open(\"plan.json\")) else \"differs\")"'
says 'protections'                 '\["capabilities", "end", "filter", .*"no_new_privs".*\]' 'sorted(p["name"] for p in r["protections"] if p["in_force"] and p["by"])' -- true
says 'and those that are not'      '\[\]'                                        '[p for p in r["protections"] if p["in_force"] and p["name"] in ("filter", "capabilities", "landlock")]' --profile=none -- true
says 'limits'                      '\[99, 104857600\]'                           '[r["limits"]["processes_limit"], r["limits"]["memory_limit"]]' --pids=99 --memory=100M -- true
says 'limits off'                  '\[null, null\]'                              '[r["limits"]["processes_limit"], r["limits"]["memory_limit"]]' --limits=off -- true
if [ -n "$GROUPS_OWN" ]; then
    says 'processes that could not be made' 'true'                               'r["limits"]["processes_limit_hits"] > 0' --pids=3 -- sh -c '(sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait) 2>/dev/null; true'
    says 'the memory limit'        '\["memory limit", true\]'                    '[r["exit"]["ended_by"], r["limits"]["oom_kills"] > 0]' --memory=40M -- python3 -c 'b"x" * 200000000'
fi

# --- any bytes
strange=$'we"ird\\ \x01\xff\u00e4'
cp "$(command -v show)" "$strange"
t 'any bytes, in JSON'              out='^\["we\\"ird\\\\ \\u0001\\\\xff\\u00e4", .*, "x\\ny"\]$' -- sh -c "sbx-run --report=r.json --name=strange -- \"\$0\" \"\$1\" >/dev/null && python3 \"\$PLACE/launch/report.py\" report r.json '[r[\"plan\"][\"program\"].split(\"/\")[-1], r[\"plan\"][\"profile\"], r[\"plan\"][\"arguments\"][1]]'" "./$strange" $'x\ny'
t 'any bytes, in metrics'           out='sbx_exit_status' -- sh -c 'sbx-run --metrics=m.prom -- "$0" >/dev/null && python3 "$PLACE/launch/report.py" metrics m.prom' "./$strange"

# --- metrics
metrics() {
    local name=$1 want=$2
    shift 2
    rm -f m.prom
    run 60 '' sbx-run --metrics=m.prom "$@"
    if python3 "$PLACE/launch/report.py" metrics m.prom >samples 2>errors && [[ $(cat samples) =~ $want ]]; then pass "metrics: $name"
    else fail "metrics: $name" "no $want in $(cat samples errors)"; fi
    if command -v promtool >/dev/null && ! promtool check metrics <m.prom >errors 2>&1; then fail "promtool: $name" "$(cat errors)"; fi
}
command -v promtool >/dev/null || skip 'promtool check metrics' 'promtool is not installed; a parser of the format is used'
metrics 'refused calls'  '"seccomp_blocked_syscalls_total", "value": 3.0, "syscall": "socket", "sandbox_id": "mine", "category": "net"' --name=mine -- sh -c "$thrice"
metrics 'one name, one sample' '"value": 2.0, "syscall": "socket"'         --name=mine -- sh -c 'printf "socket AF_NETLINK SOCK_RAW 0\nsocket AF_PACKET SOCK_RAW 0\n" | try-call'
metrics 'an id of its own' '"sandbox_id": "sh-[0-9a-f]{8}"'                -- sh -c :
metrics 'status'         '"sbx_exit_status", "value": 7.0'                 -- sh -c 'exit 7'
metrics 'no program'     '"sbx_exit_status", "value": 127.0'               -- /nowhere/none
metrics 'time limit'     '"sbx_timed_out", "value": 1.0'                   --timeout=200ms -- sleep 60
metrics 'limits'         '"sbx_processes_limit", "value": 99.0'            --pids=99 -- true
metrics 'many kinds'     '"syscall": "ioctl"'                              -- notify kinds 600

# --- where to
t 'fd:1'                            out='^out.\{.*"schema": 1,' -- sbx-run --report=fd:1 -- echo out
t 'fd:3, which the program has not' out='^fds=0,1,2$' -- bash -c 'sbx-run --report=fd:3 -- show 3>r.json | grep ^fds; python3 "$PLACE/launch/report.py" report r.json r >/dev/null || echo no report'
t '/dev/stderr'                     err='"schema": 1,' -- sbx-run --report=/dev/stderr -- true
t '/dev/fd/3'                       out='schema' -- bash -c 'sbx-run --report=/dev/fd/3 -- true 3>&1'
t 'both in one'                     out='"schema".*# HELP' -- sbx-run --report=fd:1 --metrics=fd:1 -- true
t 'written whole, by rename'        out=$'^0\n2$' -- sh -c 'rm -rf d; mkdir d; echo old >d/r; ln d/r d/old; sbx-run --report=d/r -- grep -c schema d/r; ls d | wc -l'
t 'a link is replaced, not followed' out='^0 regular file$' -- sh -c 'rm -f real link; : >real; ln -s real link; sbx-run --report=link -- true; grep -q schema link && stat -c %s real | tr "\n" " "; stat -c %F link'
t 'as readable as the umask says'   out='^640$' -- sh -c 'umask 027; rm -f r.json; sbx-run --report=r.json -- true; stat -c %a r.json'
t 'in a profile'                    out='schema' -- sh -c 'printf "report = from-profile\n" >p; sbx-run --profile=./p -- true && cat from-profile'
for option in report metrics; do
    t "--$option: a directory that is not there" status=125 not=started err='cannot write none/file: No such file' -- sbx-run --$option=none/file -- echo started
    as_root || t "--$option: a directory of somebody else" status=125 not=started err='cannot write /etc/r: Permission denied' -- sbx-run --$option=/etc/r -- echo started
    t "--$option: a directory"              status=125 not=started err='sbx-run: cannot .*\(.*\)' -- sbx-run --$option=. -- echo started
    t "--$option: fd:9, which is not open"  status=125 not=started err='fd:9: it is not open' -- sbx-run --$option=fd:9 -- echo started
    t "--$option: fd:x"                     status=125 not=started err='fd:x: no number' -- sbx-run --$option=fd:x -- echo started
    t "--$option: open for reading"         status=125 not=started err='open for reading only' -- bash -c "sbx-run --$option=fd:3 -- echo started 3</dev/null"
    t "--$option: empty"                    status=125 not=started err='it is empty' -- sbx-run --$option= -- echo started
    t "--$option: in place"                 status=125 out='^$' err='cannot explain, report or learn in place' -- sbx-run --in-place --limits=off --$option=r.json -- echo started
    t "--$option: /dev/full: told, the status stays" status=7 err='cannot write.*No space' -- bash -c "sbx-run --$option=fd:3 -- sh -c 'exit 7' 3>/dev/full"
    t "--$option: a directory that goes: told, the status stays" status=7 err='cannot write gone/r' -- sh -c "mkdir -p gone; sbx-run --$option=gone/r -- sh -c 'rm -rf gone; exit 7'"
    t "--$option: a reader that has gone"   status=7 -- bash -c "set +o pipefail; { sbx-run --$option=fd:3 -- sh -c 'exit 7'; } 3> >(:)"
done
t 'what the program has closed'     out='"ended_by": "itself"' -- sh -c 'sbx-run --report=r.json -- sh -c "exec >&- 2>&-; exit 3"; cat r.json'
t 'no temporary file is left'       out='^$' -- sh -c 'ls | grep -E "^(r.json|m.prom|file|real|link)\..{6}$"; true'
finish
