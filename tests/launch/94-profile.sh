#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sbx-profile: the manual's examples, as they are written there, then what a user may get wrong; OCI profiles under sbx-run.
. "${0%/*}/lib.sh"

needs sbx-profile 'sbx-profile' || { finish; exit; }

# Each `$ COMMAND` is run in the order of the file, in one directory; each line below it must be part of a line of its output.
examples=$PLACE/launch/profile-examples
command='' wanted=()
judge() {
    local line missing=
    [ -n "$command" ] || return
    run 60 '' bash -c "$command"
    for line in ${wanted[@]+"${wanted[@]}"}; do
        [[ $said == *"$line"* ]] || missing+="$line"$'\n'
    done
    # Errors and differences are what some of them show: 1 is right there, 2 and 125 never.
    if [ -z "$missing" ] && [ "$status" -le 1 ]; then
        pass "the manual: $command"
    else
        fail "the manual: $command" "not in the output: $missing"$'\n'"$(detail "$command")"
    fi
}
while IFS= read -r line; do
    case $line in
    '$ '*)
        judge
        command=${line#\$ } wanted=()
        ;;
    '#!'*) ;;
    *) wanted+=("$line") ;;
    esac
done <"$examples"
judge

profile() { printf '%b' "$2" >"$1"; }
t '--help names every verb' out='list.*show.*explain.*test.*make.*check.*diff.*minimize.*import.*export' -- sbx-profile --help
t '--version'                  out='^sbx-profile [0-9]'                               -- sbx-profile --version
t 'no verb'                    status=2 err='sbx-profile: cannot .*\(.+\)'            -- sbx-profile
t 'an unknown verb'            status=2 err='did you mean export'                     -- sbx-profile exprot default
t 'an unknown option'          status=2 err='cannot read the options'                 -- sbx-profile show default --colour
t 'a missing argument'         status=2 err='an argument is missing'                  -- sbx-profile diff default
t 'too many arguments'         status=2 err='too many'                                -- sbx-profile show default none
t 'an unknown profile'         status=2 err='did you mean default'                    -- sbx-profile show defualt
t 'a file that is not there'   status=2 err='No such file'                            -- sbx-profile check ./no-such
t 'a directory'                status=2 err='not a regular file'                      -- sbx-profile check /tmp
t 'an unknown format'          status=2 err='did you mean systemd'                    -- sbx-profile export default --to=sytemd
t 'an unknown architecture'    status=2 err='x86_64 or aarch64'                       -- sbx-profile show default --arch=mips
t 'an unknown capability'      status=2 err='no capability'                           -- sbx-profile show default --caps=net_amdin
t 'a uid that is none'         status=2 err='not an id'                               -- sbx-profile show default --uid=-1
t 'an unknown call'            status=2 err='nearest: ptrace'                         -- sbx-profile test default 'ptrcae(0)'
t 'make: a wrong setting'      status=2 err='no such option'                          -- sbx-profile make --alow=net
t 'make: a line break'         status=2 err='line break'                              -- sbx-profile make $'--allow=net\nallow=all'
t 'output into a full disk'    status=2 err='cannot write'                            -- sh -c 'sbx-profile show default >/dev/full'
t 'capabilities open calls'    out='chroot = allow'                                   -- sbx-profile test default 'chroot' --caps=sys_chroot
t 'uid 0 has its own verdicts' out='openat2 = errno:ENOSYS'                           -- sbx-profile test default openat2 --uid=0
t 'the other architecture'     status=2 err='aarch64 has no such call'                -- sbx-profile test default --arch=aarch64 'open'
t 'a test that fails'          status=1 out='1 failed'                                -- sh -c 'echo "ptrace = allow" >c && sbx-profile test default -f c'
t 'a file of no tests'         status=2 err='no call is in it'                        -- sh -c 'echo "# none" >c && sbx-profile test default -f c'
t 'a setting decided'          out='a setting of [^ ]* decided: by the row alone it is errno:EPERM' -- sh -c 'echo "allow = ptrace" >p && sbx-profile test p ptrace'

# Nothing is written by halves.
printf '{"names": ["read"], "action": "SCMP_ACT_NOTHING"}' >bad.json
echo precious >kept
t 'a failed import' status=2 err='cannot read bad.json, rule 1' -- sbx-profile import bad.json -o kept
if [ "$(cat kept)" = precious ]; then pass 'it leaves the file as it was'; else fail 'it leaves the file as it was' "$(cat kept)"; fi

# The filter as bubblewrap takes it.
if needs bwrap 'bwrap takes the filter'; then
    printf 'errno = mkdir,mkdirat=ENOSPC\n' >full.profile
    sbx-profile export full.profile --to=bpf -o full.bpf
    if bwrap --ro-bind / / --dev /dev --bind "$PWD" "$PWD" -- mkdir from-bwrap 2>/dev/null && rmdir from-bwrap; then
        t 'bwrap takes the filter' status=1 err='No space left' -- sh -c 'exec bwrap --ro-bind / / --dev /dev --bind "$PWD" "$PWD" --seccomp 3 -- mkdir from-bwrap 3<full.bpf'
    else
        skip 'bwrap takes the filter' 'bwrap itself cannot start here'
    fi
fi
if needs systemd-analyze 'systemd takes the directives'; then
    { sbx-profile export default --to=systemd && echo 'ExecStart=/bin/true'; } >sbx-test.service
    # Calls that are newer than it are passed over, and so refused.
    t 'systemd takes the directives' not='Unknown|Failed to parse [^s]|Invalid' -- systemd-analyze verify ./sbx-test.service
fi

# The manifest, by the keys and types of the operator's schema; the JSON inside is the one of --to=oci.
cat >schema.py <<'END'
import json, sys, yaml
manifest, config, pod = yaml.safe_load_all(open("cluster.yaml"))
kinds = {"apiVersion": str, "kind": str, "metadata": dict, "spec": dict}
def typed(what, value, keys, wanted):
    assert set(value) <= set(keys) and set(wanted) <= set(value), (what, sorted(value))
    for key in value: assert type(value[key]) is keys[key], (what, key)
typed("manifest", manifest, kinds, kinds)
assert manifest["apiVersion"] == "security-profiles-operator.x-k8s.io/v1beta1" and manifest["kind"] == "SeccompProfile"
typed("spec", manifest["spec"], {"defaultAction": str, "architectures": list, "syscalls": list}, ["defaultAction"])
for rule in manifest["spec"]["syscalls"]:
    typed("rule", rule, {"names": list, "action": str, "errnoRet": int, "args": list}, ["names", "action"])
    assert rule["names"] and all(type(name) is str for name in rule["names"])
    for arg in rule.get("args", []):
        typed("argument", arg, {"index": int, "op": str, "value": int, "valueTwo": int}, ["index", "op"])
        assert 0 <= arg["index"] <= 5 and all(0 <= arg.get(k, 0) < 2**63 for k in ("value", "valueTwo")), arg
carried = json.loads(config["data"]["cluster.json"])
assert carried["syscalls"] == manifest["spec"]["syscalls"] and config["kind"] == "ConfigMap"
assert carried == json.load(open("cluster.json"))
assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "Localhost", "localhostProfile": "cluster.json"}
print(len(manifest["spec"]["syscalls"]), "rules")
END
echo 'deny = net' >cluster.profile
if python3 -c 'import yaml' 2>/dev/null; then
    sbx-profile export cluster.profile --to=k8s -o cluster.yaml 2>/dev/null
    sbx-profile export cluster.profile --to=oci -o cluster.json 2>/dev/null
    t 'the manifest keeps to the schema' out='^[0-9]+ rules' -- python3 schema.py
    sed -i 's/defaultAction:/defaultActions:/' cluster.yaml
    t 'which notices what does not'      status=1 err='AssertionError' -- python3 schema.py
else
    skip 'the manifest keeps to the schema' 'python3 has no yaml'
fi

# OCI profiles under sbx-run.
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >space.json
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ERRNO"}]}' >no-exec.json
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["seccomp"], "action": "SCMP_ACT_ERRNO"}]}' >no-seccomp.json
both 'an OCI profile refuses' outside='^made' inside='No space left' options='--profile=./space.json' -- sh -c 'mkdir made && echo made; rmdir made 2>/dev/null'
t 'beside the default too'      status=1 err='No space left'                -- sbx-run --profile=default --profile=./space.json -- mkdir made
t 'and with options'            status=1 err='Operation not permitted'      -- sbx-run --profile=./space.json --deny=mkdir,mkdirat -- mkdir made
filters() { sed -n 's/^Seccomp_filters:[^0-9]*//p' "$1"; }
mine=$(filters /proc/self/status)
if [ -n "$mine" ]; then
    t 'alone it is the one filter' out="^$((mine + 1))\$" -- sbx-run --profile=./space.json -- sed -n 's/^Seccomp_filters:[^0-9]*//p' /proc/self/status
    t 'beside ours there are two'  out="^$((mine + 2))\$" -- sbx-run --profile=default --profile=./space.json -- sed -n 's/^Seccomp_filters:[^0-9]*//p' /proc/self/status
else
    skip 'the number of filters' 'this kernel does not tell it (Linux 5.9)'
fi
t 'the rest of the default stays' out='^CapEff:[^0-9a-f]*0000000000000000' -- sbx-run --profile=./space.json -- grep CapEff /proc/self/status
t 'execve refused: 125'           status=125 err='refuses execve'     -- sbx-run --profile=./no-exec.json -- true
t 'seccomp refused, one more to come: 125' status=125 err='refuses seccomp' -- sbx-run --profile=./no-seccomp.json --deny=mount -- true
t 'seccomp refused, none to come' out=^ok$                            -- sbx-run --profile=./no-seccomp.json -- echo ok
t 'audit cannot be promised: 125' status=125 err='cannot audit under an OCI profile' -- sbx-run --profile=./space.json --audit -- true
t 'nor learning: 125'             status=125 err='cannot learn under an OCI profile' -- sbx-run --profile=./space.json --learn=learnt -- true
t 'what is not explained is told' err='not explained' -- sbx-run --profile=./space.json --explain=end -- true
t 'bad JSON: 125'                 status=125 err='sbx-run: cannot read ./bad.json, rule 1: .*\(.+\)' -- sbx-run --profile=./bad.json -- true
t 'the plan tells of it'          out='instructions of the OCI profile' -- sbx-run --profile=./space.json --dry-run -- true
finish
