#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs under the default profile: what works outside works inside.
. "${0%/*}/lib.sh"

# --- shell and text tools
t 'sh: pipes, subshells, here documents, globs' out='^6 c$' -- sbx-run -- sh -c 'mkdir -p d && touch d/a d/b d/c && n=$(printf "%s\n" d/* d/* | wc -l); cat <<EOT
$n $(cd d && for f in *; do echo "$f"; done | tail -n 1)
EOT'
t 'bash: arrays, process substitution' out='^2 y$' -- sbx-run -- bash -c 'a=(x y); echo ${#a[@]} $(cat <(echo ${a[1]}))'
t 'find, xargs, grep, sed, awk, sort' out='^2 beta$' -- sbx-run -- sh -c '
    mkdir -p tree/x tree/y && echo alpha beta >tree/x/1 && echo beta >tree/y/2 && echo gamma >tree/3
    find tree -type f -print0 | xargs -0 -P 2 grep -ho beta | sed "s/B/b/" | sort | uniq -c | awk "{print \$1, \$2}"'
t 'tar and gzip' out='^same$' -- sbx-run -- sh -c 'tar czf tree.tgz tree && mkdir -p out && tar xzf tree.tgz -C out && diff -r tree out/tree && echo same'
needs xz 'tar and xz, two threads' && t 'tar and xz, two threads' out='^same$' -- sbx-run -- sh -c 'head -c 3000000 /dev/urandom >tree/big && tar cf - tree | xz -0 -T2 >tree.txz && rm -rf out && mkdir out && tar xJf tree.txz -C out && diff -r tree out/tree && echo same'
t 'cp -a, mv, ln, touch, chmod, stat' out='^644 2$' -- sbx-run -- sh -c 'echo x >f1 && chmod 644 f1 && cp -a f1 f2 && ln f2 f3 && ln -s f3 f4 && mv f1 f5 && touch -d 2020-01-01 f5 && stat -c "%a %h" f2'
t 'ps sees, top runs' out='ps' -- sbx-run -- sh -c 'ps ax | grep -q "[p]s ax" && echo ps'
t 'nice, nohup, timeout, env, setsid' out='^ok$' -- sbx-run -- sh -c 'nice -n 5 env A=1 timeout 5 setsid -w nohup echo ok 2>/dev/null'
t 'mkfifo' out='^through$' -- sbx-run -- sh -c 'rm -f fifo; mkfifo fifo; (echo through >fifo &) ; cat fifo'

# --- languages
t 'perl: fork, pipes, sockets, regexes' out='^child 42 pair$' -- sbx-run -- perl -MSocket -e '
    pipe(R, W); if (!fork) { close R; print W "child ", 6 * 7; exit } close W; print <R>;
    socketpair(A, B, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die; syswrite A, " pair\n"; sysread B, $_, 10; print'
t 'python3: threads' out='^10$' -- sbx-run -- python3 -c '
import threading; l = []
ts = [threading.Thread(target=l.append, args=(i,)) for i in range(10)]
[t.start() for t in ts]; [t.join() for t in ts]; print(len(l))'
t 'python3: subprocess' out="^b'sub" -- sbx-run -- python3 -c 'import subprocess; print(subprocess.check_output(["echo", "sub"])); subprocess.run(["true"], check=True, start_new_session=True, close_fds=True)'
t 'python3: multiprocessing' out='^\[0, 1, 4, 9\]$' -- sbx-run -- python3 -c '
import multiprocessing as m
def f(x): return x * x
if __name__ == "__main__":
    with m.Pool(2) as p: print(p.map(f, range(4)))'
t 'python3: asyncio with a server, a client and a child' out='^echo child$' -- sbx-run -- python3 -c '
import asyncio
async def serve(r, w):
    w.write(await r.readline()); await w.drain(); w.close()
async def main():
    s = await asyncio.start_server(serve, "127.0.0.1", 0)
    r, w = await asyncio.open_connection(*s.sockets[0].getsockname())
    w.write(b"echo\n"); a = (await r.readline()).decode().strip()
    p = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    print(a, (await p.communicate())[0].decode().strip())
asyncio.run(main())'
t 'python3: sqlite3' out='^3$' -- sbx-run -- python3 -c '
import sqlite3
c = sqlite3.connect("base.db"); c.execute("pragma journal_mode=wal"); c.execute("create table if not exists t(x)")
c.executemany("insert into t values(?)", [(1,), (2,), (3,)]); c.commit(); print(c.execute("select count(*) from t").fetchone()[0])'
t 'python3: tempfile, shutil, mmap, os.sendfile' out='^ok$' -- sbx-run -- python3 -c '
import tempfile, shutil, mmap, os
d = tempfile.mkdtemp(); f = open(d + "/f", "w+b"); f.write(b"x" * 8192); f.flush()
m = mmap.mmap(f.fileno(), 0); assert m[0] == 120; g = open(d + "/g", "wb"); os.sendfile(g.fileno(), f.fileno(), 0, 8192)
m.close(); shutil.rmtree(d); print("ok")'
t 'python3: ctypes calls libc' out='^[0-9]+$' -- sbx-run -- python3 -c 'import ctypes; print(ctypes.CDLL(None).getpid())'
needs sqlite3 'sqlite3' && t 'sqlite3' out='^2$' -- sbx-run -- sqlite3 own.db 'create table t(x); insert into t values (1), (2); select count(*) from t;'

# --- building
needs git 'git: init, commit, clone, log, gc' && t 'git: init, commit, clone, log, gc' out='^first$' within=120 -- sbx-run -- sh -c '
    git init -q repository && cd repository && git config user.name N && git config user.email e@example.invalid && echo x >file && git add file && git commit -qm first &&
    cd .. && git clone -q repository clone && git clone -q "file://$PWD/repository" clone2 && cd clone2 && git gc -q && git log --format=%s'
cat >add.c <<'C'
int add(int a, int b);
int add(int a, int b) { return a + b; }
C
cat >main.c <<'C'
#include <stdio.h>
int add(int a, int b);
int main(void) { printf("sum %d\n", add(40, 2)); return 0; }
C
printf 'prog: main.o add.o\n\t$(CC) -o $@ $^\n%%.o: %%.c\n\t$(CC) -c $<\n' >Makefile
t 'gcc and make -j' out='sum 42' within=120 -- sbx-run -- sh -c 'make -s -j4 && ./prog'
t 'a shared library that was built inside is loaded' out='sum 42' within=120 -- sbx-run -- sh -c 'gcc -shared -fPIC -o libadd.so add.c && gcc -o dyn main.c -L. -ladd -Wl,-rpath,"$PWD" && ./dyn'
printf 'cmake_minimum_required(VERSION 3.10)\nproject(p C)\nadd_executable(cprog main.c add.c)\n' >CMakeLists.txt
needs cmake 'cmake' && t 'cmake' out='sum 42' within=200 -- sbx-run -- sh -c 'cmake -S . -B cbuild >/dev/null && cmake --build cbuild -j2 >/dev/null && cbuild/cprog'

# --- network, against servers of this test, on the loopback
serve() {
    python3 - "$@" >"$output/port" 2>"$output/server-errors" <<'PYTHON' &
import http.server, ssl, sys
class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "6"); self.end_headers(); self.wfile.write(b"hello\n")
    def log_message(self, *a): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
if len(sys.argv) > 1:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
    server=$!
    for _ in $(seq 100); do [ ! -s "$output/port" ] || break; sleep 0.05; done
    port=$(cat "$output/port")
}
serve
if [ -z "$port" ]; then fail 'a local server' "$(cat "$output/server-errors")"; fi
needs curl 'curl from a local server' && t 'curl from a local server' out='^hello$' -- sbx-run -- curl -sS --noproxy '*' "http://127.0.0.1:$port/"
t 'python3 urllib from a local server' out='^hello$' -- sbx-run -- python3 -c "import urllib.request as u; print(u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:$port/').read().decode().strip())"
t 'a name is looked up' out='127.0.0.1|::1' -- sbx-run -- getent hosts localhost
needs curl '--deny=net shuts it' && both '--deny=net shuts it' outside='^hello' inside='connect|family' options=--deny=net -- curl -sS --noproxy '*' "http://127.0.0.1:$port/"
kill "$server"
if needs openssl 'TLS'; then
    t 'openssl: a key and a certificate' -- sbx-run -- openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1
    serve cert.pem key.pem
    t 'python3: ssl against a local server' out='^TLS.*hello' -- sbx-run -- python3 -c "
import socket, ssl
c = ssl.create_default_context(cafile='cert.pem')
with c.wrap_socket(socket.create_connection(('127.0.0.1', $port)), server_hostname='localhost') as s:
    s.sendall(b'GET / HTTP/1.0\r\n\r\n'); d = b''
    while (x := s.recv(4096)): d += x
    print(s.version(), d.decode().strip().splitlines()[-1])"
    command -v curl >/dev/null && t 'curl: TLS' out='^hello$' -- sbx-run -- curl -sS --noproxy '*' --cacert cert.pem "https://127.0.0.1:$port/"
    kill "$server"
fi
if needs ssh-keygen 'ssh-keygen'; then
    if getent passwd "$(id -u)" >/dev/null; then
        t 'ssh-keygen' out='ED25519' within=60 -- sbx-run -- sh -c 'rm -f key key.pub; ssh-keygen -q -t ed25519 -N "" -f key && ssh-keygen -lf key.pub'
    else
        skip 'ssh-keygen' 'this user has no line in passwd, which ssh-keygen wants'
    fi
fi

# --- refused, with the reason that they tell their user
if needs strace 'strace'; then
    both 'strace is refused' outside='execve' inside='[Oo]peration not permitted|EPERM' -- strace -e trace=execve true
    t 'strace under --allow=process.ptrace' err='execve' -- sbx-run --allow=process.ptrace -- strace -e trace=execve true
fi
if needs gdb 'gdb'; then
    both 'gdb is refused' outside='exited normally|sum 42' inside='[Oo]peration not permitted|Cannot trace|warning|ptrace' within=120 -- gdb -nx -q -batch -iex 'set debuginfod enabled off' -ex run ./prog
fi
if needs node 'node'; then
    both 'node is refused' outside='^42' inside='[Ff]atal|not permitted|EPERM' within=120 -- node -e 'console.log(6 * 7)'
    run 60 '' sbx-run -- node -e 'console.log(6 * 7)'
    if [ "$status" != 0 ]; then pass 'and ends as a failure'; else fail 'and ends as a failure' "$(detail node)"; fi
    t 'node under --allow=memory.exec' out='^42$' within=60 -- sbx-run --allow=memory.exec --memory=2G -- node -e 'console.log(6 * 7)'
    t 'and with the default memory' out='^42$' within=60 -- sbx-run --allow=memory.exec -- node -e 'console.log(6 * 7)'
fi
if needs ping 'ping'; then
    as_root && both 'ping is refused its raw socket' outside='1 received|bytes from' inside='not permitted|missing cap_net_raw|socket|asks for the capabilities net_raw' -- ping -c 1 -W 2 127.0.0.1
fi
needs bwrap 'bubblewrap inside' && both 'bubblewrap inside cannot make namespaces' outside='^in' inside='[Oo]peration not permitted|No permissions' -- bwrap --dev-bind / / echo in
finish
