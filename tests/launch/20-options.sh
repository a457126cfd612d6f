#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: what is said to a wrong one, and that nothing is started then.
. "${0%/*}/lib.sh"

# wrong NAME REGEX OPTION...: ends with 125 and one line of the right form that matches; the program is not started.
wrong() {
    local name=$1 regex=$2
    shift 2
    rm -f started
    run 20 '' sbx-run "$@" -- touch started
    local lines=${complained//[!$'\n']/}
    if [ "$status" = 125 ] && [ ! -e started ] && [ -z "$lines" ] && [[ $complained =~ ^sbx-run:\ cannot\ .+:\ .+\ \(.+\)$ ]] && [[ $complained =~ $regex ]]; then
        pass "$name"
    else
        fail "$name" "it must say \"sbx-run: cannot WHAT: WHY (remedy)\" on one line matching $regex, end with 125 and start nothing$([ ! -e started ] || echo '; it was started')"$'\n'"$(detail sbx-run "$@")"
    fi
}

t '--help'                      out='--profile.*--allow.*--version' not='sbx-run: ' -- sbx-run --help
t '-h is the same'              out='--profile'                                  -- sbx-run -h
for option in -- --profile --try --allow --deny --keep-cap --user --group --pids --memory --swap --limits --cgroup --rlimit --setenv --unsetenv \
    --clear-env --keep-env --chdir --keep-fd --new-session --name --dry-run --check --quiet --verbose --help --version; do
    t "--help names $option"    out="(^|[^a-z-])$option([^a-z-]|\$)"             -- sbx-run --help
done
t '--version'                   out='^sbx-run [0-9]+\.[0-9]+'                    -- sbx-run --version
t '-V is the same'              out='^sbx-run [0-9]+\.[0-9]+'                    -- sbx-run -V
t '--help into a full disk fails' status=125 err=.                               -- sh -c 'sbx-run --help >/dev/full'
t 'no argument at all: 125'     status=125 err='sbx-run: cannot .*\(.+\)'        -- sbx-run
t 'options but no program: 125' status=125 err='sbx-run: cannot'                 -- sbx-run --pids=5
t 'nothing after --: 125'       status=125 err='sbx-run: cannot'                 -- sbx-run --
t 'an empty program name'       status=12[57] err='sbx-run: cannot'              -- sbx-run -- ''

t '--name=value'                out=^ok$ -- sbx-run --pids=100 -- echo ok
t '--name value'                out=^ok$ -- sbx-run --pids 100 -- echo ok
t 'options after the program are the program'\''s' out='^--pids=nonsense$' -- sbx-run echo --pids=nonsense
t '-- after the program too'    out='^-- x$' -- sbx-run echo -- x
t 'lists are comma separated'   out=^ok$ -- sbx-run --allow=ptrace,net.netlink --deny=mount,bpf -- echo ok

wrong 'an unknown option, with the nearest'           '--alow.*--allow'           --alow=net
wrong 'the nearest of a value option'                 '--memroy.*--memory'        --memroy=5M
wrong 'an option that is like none'                   '--xyzzyxyzzy'              --xyzzyxyzzy
wrong 'an unknown short option'                       '-Z'                        -Z
wrong 'neither yes nor no'                            '--new-session'             --new-session=maybe
wrong 'a single-value option given twice'             '--pids'                    --pids=5 --pids=6
wrong '--memory twice'                                '--memory'                  --memory=50M --memory 60M
wrong '--name twice'                                  '--name'                    --name=a --name=b
wrong 'an unknown call, with the nearest'             'ptrcae.*ptrace'            --allow=ptrcae
wrong 'an unknown feature, with the nearest'          'net\.netlnk.*net\.netlink' --allow=net.netlnk
wrong 'an unknown category, with the nearest'         'memroy.*memory'            --deny=memroy
wrong 'an empty list'                                 '--allow'                   --allow=
wrong 'an empty word in a list'                       '--allow'                   --allow=ptrace,,bpf
wrong 'an unknown capability'                         'net_admn.*(net_admin|NET_ADMIN)' --keep-cap=net_admn
wrong 'an unknown limit source'                       'cgruop.*cgroup'            --limits=cgruop
wrong 'an unknown profile, with the nearest'          'defualt.*default'          --profile=defualt
wrong 'a profile file that is not there'              'no-such'                   --profile=./no-such
wrong 'an unknown protection in --try'                'landlok.*landlock'         --try=landlok
wrong 'an unknown rlimit'                             'nofiel.*nofile'            --rlimit=nofiel=5
wrong 'an rlimit without a number'                    'rlimit'                    --rlimit=nofile
wrong 'an unknown user'                               'no-such-user'              --user=no-such-user
wrong 'an unknown group'                              'no-such-group'             --group=no-such-group
wrong 'a directory that is not there'                 'no-such-directory'         --chdir=/no-such-directory
wrong 'a descriptor that is not open'                 '77'                        --keep-fd=77
wrong 'a cgroup that is not there'                    'no-such'                   --cgroup=/sys/fs/cgroup/no-such/group
wrong 'a word for --dry-run that is none'             'jsno.*json'                --dry-run=jsno
wrong 'an environment name with ='                    '='                         --unsetenv=A=B
wrong '--setenv without a name'                       'setenv'                    --setenv==x
# A value that is an option's name: it is the value.
t 'a value that begins with -- is a value' status=125 err='cannot .*--check' -- sbx-run --pids --check -- true

# Numbers: the whole word, in range.
for value in 0 -1 '' x 5x 0x10 1e3 5.5 ' 5' '5 ' +5 99999999999999999999 18446744073709551617 4294967297; do
    wrong "--pids=\"$value\"" 'pids' "--pids=$value"
done
for value in 0 -1 '' x 5Q 5MM 5KB 1.5G 0% 101% -5% '5 M' 99999999999T 18446744073709551616 16777216T; do
    wrong "--memory=\"$value\"" 'memory' "--memory=$value"
done
for value in 67108864 65536K 64M 1G 50%; do
    t "--memory=$value is a size" out=^ok$ -- sbx-run "--memory=$value" -- echo ok
done
t '--memory=64m is one too'  out=^ok$ -- sbx-run --memory=64m -- echo ok
for value in -1 x 99999999999 ''; do wrong "--keep-fd=\"$value\"" 'keep-fd' "--keep-fd=$value"; done

# What hostile words come out as: no control character reaches the terminal.
t 'control characters are shown, not sent' status=125 err='\\x1b' not=$'\033' -- sbx-run $'--\033[2Jallow' -- true
t 'a long word is no harm' status=125 err='sbx-run: cannot' -- sbx-run "--$(printf %070000d 0)" -- true
t 'a long list is none either' status=125 err='sbx-run: cannot' -- sbx-run "--allow=$(printf 'x%.0s' $(seq 60000))" -- true

t '--quiet' out=^ok$ not=sbx-run -- sbx-run --quiet -- echo ok
t '-q keeps errors' status=125 err='sbx-run: cannot' -- sbx-run -q --pids=x -- true
t '--verbose says each step' err='sbx-run: ' out=^ok$ -- sbx-run --verbose -- echo ok
t '--name' out=^ok$ -- sbx-run --name=my-sandbox -- echo ok
finish
