#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the program finds: environment, directory, descriptors, limits of a process, session, profile files.
. "${0%/*}/lib.sh"

# --- environment
export OUTER=outer OTHER=other
t 'the environment is passed on'          out=^outer$            -- sbx-run -- sh -c 'echo $OUTER'
t '--setenv'                              out='^new$'            -- sbx-run --setenv=ADDED=new -- sh -c 'echo $ADDED'
t '--setenv over one that is there'       out='^new$'            -- sbx-run --setenv=OUTER=new -- sh -c 'echo $OUTER'
t '--setenv with = and spaces'            out='^a = b$'          -- sbx-run --setenv='ADDED=a = b' -- sh -c 'echo "$ADDED"'
t '--setenv to nothing'                   out='^set:$'           -- sbx-run --setenv=ADDED= -- sh -c 'echo "${ADDED+set}:$ADDED"'
t '--setenv repeated'                     out='^1 2$'            -- sbx-run --setenv=A=1 --setenv=B=2 -- sh -c 'echo $A $B'
t '--unsetenv'                            out='^:other$'         -- sbx-run --unsetenv=OUTER -- sh -c 'echo "$OUTER:$OTHER"'
t '--unsetenv of what is not there'       out=^ok$               -- sbx-run --unsetenv=NO_SUCH_NAME -- echo ok
t '--clear-env leaves nothing'            not=. status=0         -- sbx-run --clear-env -- env
t '--clear-env and --setenv'              out='^A=1$' not=OUTER  -- sbx-run --clear-env --setenv=A=1 -- env
t '--keep-env keeps these alone'          out='OUTER=outer' not='OTHER' -- sbx-run --keep-env=OUTER,HOME -- env
t '--clear-env: the program is found in the caller'\''s PATH' out='uid=' -- sbx-run --clear-env -- show
t '--setenv=PATH: too'                    out='uid='             -- sbx-run --setenv=PATH=/nowhere -- show
t 'a name given twice in the environment arrives as it was' out='^1$' -- sh -c 'sbx-run -- env | grep -c ^OUTER='

# --- directory
t 'the directory is the caller'\''s'      out="^cwd=$PWD"        -- sh -c 'sbx-run -- show | grep ^cwd'
mkdir -p sub
t '--chdir'                               out="^cwd=$PWD/sub"    -- sh -c 'sbx-run --chdir=sub -- show | grep ^cwd'
t '--chdir: a relative program is found from there' out=^there$  -- sh -c 'printf "#!/bin/sh\necho there\n" >sub/here; chmod 755 sub/here; sbx-run --chdir=sub -- ./here'
t '--chdir to a file: 125'                status=125             -- sbx-run --chdir=/etc/passwd -- true

# --- descriptors
t 'descriptors above 2 are closed'        out='^fds=0,1,2$'      -- sh -c 'exec 3</dev/null 9</dev/null; sbx-run -- show | grep ^fds'
t '--keep-fd keeps that one'              out='^fds=0,1,2,9$'    -- sh -c 'exec 3</dev/null 9</dev/null; sbx-run --keep-fd=9 -- show | grep ^fds'
t '--keep-fd repeated'                    out='^fds=0,1,2,3,9$'  -- sh -c 'exec 3</dev/null 7</dev/null 9</dev/null; sbx-run --keep-fd=9 --keep-fd=3 -- show | grep ^fds'
t 'a kept one can be read'                out='^text$'           -- sh -c 'echo text >file; exec 5<file; sbx-run --keep-fd=5 -- cat /dev/fd/5'
t 'a high one too'                        out='^fds=0,1,2,500$'  -- bash -c 'exec 500</dev/null; sbx-run --keep-fd=500 -- show | grep ^fds'
t 'descriptors are not sbx-run'\''s own'  out='^fds=0,1,2$'      -- sh -c 'sbx-run --name=x --pids=50 -- show | grep ^fds'
t '0-2 closed: they are not something else inside' not='fds=.*(cgroup|socket)' -- sh -c 'sbx-run -- ls -l /proc/self/fd <&- 2>&-'

# --- limits of a process
# Root has CAP_SYS_RESOURCE (24), unless a container took it.
can_raise() { [ $(((0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status) >> 24) & 1)) = 1 ]; }
t '--rlimit'                              out='^rlimit-nofile=100:100$'   -- sh -c 'sbx-run --rlimit=nofile=100 -- show | grep ^rlimit-nofile'
t '--rlimit soft:hard'                    out='^rlimit-nofile=100:200$'   -- sh -c 'sbx-run --rlimit=nofile=100:200 -- show | grep ^rlimit-nofile'
t '--rlimit of 3 descriptors'             out='^getpid = ok$'    -- sh -c 'echo getpid | sbx-run --rlimit=nofile=3 -- try-call'
t '--rlimit repeated'                     out='core=0:0.*fsize=4096:4096|fsize=4096:4096.*core=0:0' -- sh -c 'sbx-run --rlimit=core=0 --rlimit=fsize=4096 -- show | grep -e core -e fsize | paste -sd" "'
both '--rlimit=fsize is kept by the kernel' outside='written' inside='File too large|File size limit' options=--rlimit=fsize=4096 -- sh -c 'trap "" XFSZ; head -c 8192 /dev/zero >big && echo written'
can_raise && t '--rlimit above the hard limit, with CAP_SYS_RESOURCE' out='^rlimit-core=-1:-1|^rlimit-core=unlimited' -- sh -c 'ulimit -c 0; sbx-run --rlimit=core=unlimited -- show | grep ^rlimit-core'
can_raise || t '--rlimit above the hard limit: 125' status=125 err='cannot .*core' -- sh -c 'ulimit -c 0; sbx-run --rlimit=core=unlimited -- true'
t 'limits that are not named stay'        out='^rlimit-stack=4194304:8388608' -- sh -c 'ulimit -Hs 8192; ulimit -Ss 4096; sbx-run -- show | grep ^rlimit-stack'

# --- signals, umask, session
# As outside, not empty: what posix_spawn(3) of glibc starts, as make does, finds 32 and 33 ignored.
t 'blocked and ignored signals are as outside' out='^same$'      -- sh -c 'show | grep -e ^SigBlk -e ^SigIgn >1; sbx-run -- show | grep -e ^SigBlk -e ^SigIgn >2; cmp 1 2 && echo same'
t 'an ignored signal stays ignored'       out='^SigIgn=[0-9a-f]*1$' -- sh -c 'trap "" HUP; sbx-run -- show | grep ^SigIgn'
t 'the umask stays'                       out='^umask=027$'      -- sh -c 'umask 027; sbx-run -- show | grep ^umask'
t '--new-session'                         out='^pid-is-session=1$' -- sh -c 'sbx-run --new-session -- show | grep ^pid-is-session'
t 'no new session without it'             out='^pid-is-session=0$' -- sh -c 'sbx-run -- show | grep ^pid-is-session'

# --- profile files
profile() { printf '%s\n' "$@" >profile; }
profile '# a comment' '' 'include = default' 'pids = 33' 'setenv = FROM=profile'
t 'a profile file'                        out='^profile$'        -- sbx-run --profile=./profile -- sh -c 'echo $FROM'
t 'its limits are in the plan'            out='processes +33'        -- sbx-run --profile=./profile --dry-run -- true
t 'the command line comes after it'       out='processes +44'        -- sbx-run --profile=./profile --pids=44 --dry-run -- true
t 'the profile may come after the option' out='processes +44'        -- sbx-run --pids=44 --profile=./profile --dry-run -- true
profile 'allow = net.netlink'
t 'a profile starts from default'         out='= ok.*= EPERM|EPERM' -- sh -c 'printf "socket AF_NETLINK SOCK_RAW 0\nunshare 0\n" | sbx-run --profile=./profile -- try-call'
profile 'pids = 33' 'alow = ptrace'
t 'an unknown key: line, column, nearest word' status=125 err='profile:2:1.*alow.*allow' -- sbx-run --profile=./profile -- true
profile 'pids = 33' '   allow = ptrcae'
t 'an unknown value: line, column of the value' status=125 err='profile:2:12.*ptrcae.*ptrace' -- sbx-run --profile=./profile -- true
profile 'pids'
t 'a line without ='                      status=125 err='profile:1:'  -- sbx-run --profile=./profile -- true
profile 'pids = 5' 'pids = 6'
t 'a single value twice in one file'      status=125 err='profile:2:'  -- sbx-run --profile=./profile -- true
profile 'pids = 4' 'include = ./more'
printf 'setenv = FROM=more\n' >more
t 'a later include adds'                  out='^more$'           -- sbx-run --profile=./profile -- sh -c 'echo $FROM'
profile 'include = ./profile'
t 'a circle of includes: 125'             status=125 err='profile:1:' -- sbx-run --profile=./profile -- true
profile 'include = defualt'
t 'include of an unknown profile'         status=125 err='profile:1:.*defualt.*default' -- sbx-run --profile=./profile -- true
printf 'pids = 5\0\n' >profile
t 'a NUL in it'                           status=125 err='profile.*NUL' -- sbx-run --profile=./profile -- true
printf 'pids = 35' >profile
t 'no newline at its end'                 out='processes +35'        -- sbx-run --profile=./profile --dry-run -- true
printf 'pids = 36\r\n' >profile
t 'CRLF: taken or refused by line, never taken for a value' not='processes +512' -- sh -c 'sbx-run --profile=./profile --dry-run -- true; :'
t 'a directory as a profile: 125'         status=125 err='sbx-run: cannot' -- sbx-run --profile=./sub -- true
t 'an endless one: 125'                   status=125 err='sbx-run: cannot' within=10 -- sbx-run --profile=/dev/zero -- true
mkfifo pipe 2>/dev/null
t 'a pipe as a profile does not wait for ever' status=125 within=10 -- sbx-run --profile=./pipe -- true
printf 'program = x\n' >profile

# --- profile none
t '--profile=none: no filter, no privilege dropped' out='^Seccomp=0 NoNewPrivs=0|^NoNewPrivs=0 Seccomp=0' -- sh -c 'sbx-run --profile=none -- show | grep -e ^Seccomp= -e ^NoNewPrivs | paste -sd" "'
t '--profile=none --deny=LIST: a filter of that alone' out='unshare 0 = ok.getpid = EPERM|unshare 0 = ok' -- sh -c 'printf "unshare 0\nsync\n" | sbx-run --profile=none --deny=sync -- try-call | paste -sd" "'
t 'and that one is refused'               out='sync = EPERM'     -- sh -c 'printf "sync\n" | sbx-run --profile=none --deny=sync -- try-call'
finish
