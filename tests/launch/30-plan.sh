#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --dry-run, --dry-run=json and --check: the plan is told and nothing is started; the same plan is told each time.
. "${0%/*}/lib.sh"

t '--dry-run tells the plan'              out='processes +512'                  -- sbx-run --dry-run -- echo started
t '--dry-run starts nothing'              not='^started'                        -- sbx-run --dry-run -- echo started
t '--dry-run touches no file'                                                   -- sh -c 'sbx-run --dry-run -- touch made-by-dry-run; [ ! -e made-by-dry-run ]'
for word in no_new_privs Landlock filter 'capabilities kept +none'; do
    t "--dry-run names $word"             out="$word"                           -- sh -c 'sbx-run --dry-run -- true'
done
t '--dry-run follows the options'         out='processes +77'                      -- sbx-run --dry-run --pids=77 -- true
t '--dry-run of a wrong option: 125'      status=125 err='sbx-run: cannot'      -- sbx-run --dry-run --pids=x -- true
t '--dry-run of a program that is not there' status=127                         -- sbx-run --dry-run -- no-such-program-here

# shellcheck disable=SC2016
json='import json, sys; plan = json.load(sys.stdin); assert isinstance(plan, dict) and plan; print(json.dumps(plan))'
t '--dry-run=json is JSON'                out='512'                             -- sh -c "sbx-run --dry-run=json -- true | python3 -c '$json'"
t 'with hostile words in it too'          out='x'                               -- sh -c "sbx-run --dry-run=json --name=x --setenv=\"\$(printf 'A=\\\"\\\\\\\\\\033\\377')\" -- echo \"\$(printf '\\\"\\\\\\\\\\n\\t\\001\\303\\244\\377')\" | python3 -c '$json'"
t 'one value a line or not, it ends with a newline' out='^0a$'                  -- sh -c 'sbx-run --dry-run=json -- true | tail -c 1 | od -An -tx1 | tr -d " "'
t 'the same plan twice'                                                         -- sh -c 'sbx-run --dry-run=json -- true >one; sbx-run --dry-run=json -- true >two; cmp one two'

t '--check: the plan can be held here'    out=.                                 -- sbx-run --check
t '--check with a program'                not='^started'                        -- sbx-run --check -- echo started
t '--check --limits=off'                                                        -- sbx-run --check --limits=off
as_root || t '--check of what an ordinary user cannot have: 1' status=1 out='cgroup' -- sbx-run --check --limits=cgroup
as_root && t '--check of what root cannot have: 1' status=1 out='.'             -- sbx-run --check --limits=userns
as_root || t 'and the start of it: 125'   status=125 err='sbx-run: cannot .*\(.*\)' -- sbx-run --limits=cgroup -- true
as_root && t 'and the start of it: 125'   status=125 err='sbx-run: cannot .*\(.*\)' -- sbx-run --limits=userns -- true
other=$(as_root && echo userns || echo cgroup)
t '--try=limits: it runs without, and that is said' out='^ok$' err='limits' -- sbx-run --verbose "--limits=$other" --try=limits -- echo ok
t 'the plan says it too'                  out='not|without|none'                -- sh -c "sbx-run '--limits=$other' --try=limits --dry-run -- true | grep -A3 -i limits"
t '--try of another protection does not help' status=125                        -- sbx-run "--limits=$other" --try=mdwe,scopes,landlock -- true
finish
