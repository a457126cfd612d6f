# SPDX-License-Identifier: GPL-2.0-or-later
"""faults.py SUM-FILE SECONDS [WAY]: every system call of a launch made to fail, one a launch.

Runs a launch once to list the calls of each of its processes, then once for each call and error (tests/helpers/inject.c).
The program under test tells how it is confined (tests/helpers/confined.c). The outcome must be the same full confinement
as without the fault, or no start: 125 (126 and 127 when it is exec itself) with its one line. Never a weaker start, a hang,
a process, group, mount or descriptor that stays.
"""
import collections
import ctypes
import errno
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

PATIENCE = 30  # seconds for one launch: the launcher's own patience is 10
HERE = os.path.dirname(os.path.abspath(__file__))
PLACE, SUBJECT = os.environ["PLACE"], os.environ["SUBJECT"]
NAMESPACES = ["user", "mnt", "pid", "net", "ipc"]

# What a launch is started with, and what of the program's attempts the way leaves open (said in the manual).
Way = collections.namedtuple("Way", "name subject abi options open keep", defaults=(None, "", "", False))
NO_SCOPES = "signal another, abstract socket"
CANNOT_FAIL = "getpid getppid getuid geteuid getgid getegid gettid umask getpgrp getpgid exit exit_group".split()
ALWAYS_OPEN = "execve"
WAYS = [
    Way("default", "root"),
    Way("default", "user"),
    Way("in place, no limits", "root", None, "--in-place --limits=off"),
    Way("in place", "user", None, "--in-place"),
    Way("every option", "root", None, "--user=23456 --group=23456 --keep-cap=net_bind_service --rlimit=core=0 --rlimit=nofile=100:200 "
        "--rlimit=cpu=unlimited --new-session --chdir=/ --keep-fd=250 --deny=execve,execveat --timeout=60 --die-with-parent "
        "--memory=1G --pids=77", keep=True),
    Way("another user in place", "root", None, "--user=23456 --group=23456 --in-place --limits=off --deny=execve"),
    Way("refused calls explained", "root", None, "--explain=live --stats"),
    Way("refused calls explained", "user", None, "--explain=end"),
    Way("no limits", "user", None, "--limits=off"),
    Way("no Landlock: group", "root", 0, "--try=landlock", NO_SCOPES),
    Way("no Landlock, no limits: pid namespace", "root", 0, "--try=landlock --limits=off", "abstract socket"),
    Way("no Landlock: pid namespace", "user", 0, "--try=landlock", "abstract socket"),
    Way("Landlock without scopes: pid namespace", "user", 2, "", "abstract socket"),
    Way("Landlock without scopes: group", "root", 2, "", NO_SCOPES),
]

ERRORS = {
    "close": "EIO EINTR", "read": "EIO EINTR", "write": "EIO EINTR", "pread64": "EIO", "lseek": "EIO", "getdents64": "EIO ENOMEM",
    "openat": "EACCES EMFILE", "open": "EACCES EMFILE", "clone": "EAGAIN ENOMEM", "futex": "EINTR ETIMEDOUT",
    "poll": "EINTR EPERM", "ppoll": "EINTR EPERM", "waitid": "EINTR EPERM", "wait4": "EINTR EPERM", "rt_sigtimedwait": "EINTR EPERM",
    "mmap": "ENOMEM", "brk": "ENOMEM", "mprotect": "ENOMEM EACCES", "getrandom": "ENOSYS EINTR", "seccomp": "EINVAL ENOMEM",
    "landlock_create_ruleset": "ENOSYS ENOMEM", "landlock_add_rule": "EPERM EINVAL", "landlock_restrict_self": "E2BIG ENOMEM",
    "newfstatat": "EACCES ENOENT", "fstat": "EIO", "statfs": "ENOENT EIO", "fstatfs": "EIO", "kill": "EPERM ESRCH",
    "unlinkat": "EBUSY EPERM", "mkdir": "EROFS ENOSPC", "prctl": "EPERM EINVAL", "setns": "EPERM EINVAL", "unshare": "EPERM ENOSPC",
    "mount": "EPERM EINVAL", "mount_setattr": "ENOSYS EPERM", "close_range": "ENOSYS EINVAL", "pidfd_open": "ENOSYS EMFILE",
    "execve": "EACCES ENOMEM", "exit": "EPERM", "exit_group": "EPERM", "ioctl": "ENOTTY EIO", "fcntl": "EINVAL EMFILE",
    "prlimit64": "EPERM EINVAL", "signalfd4": "ENOSYS EMFILE",
}
USUAL_ERRORS = "EPERM ENOMEM"


def call_names():
    column = 1 if os.uname().machine == "x86_64" else 2
    names = {}
    for line in open(os.path.join(HERE, "calls.tbl")):
        fields = line.rstrip("\n").split("\t")
        if len(fields) > 3 and fields[column].isdigit():
            names[int(fields[column])] = fields[0]
    return names


NAMES = call_names()


def descendants():
    """Children of this process, of which it is the subreaper: whatever a launch leaves comes to it."""
    with open("/proc/self/task/%d/children" % os.getpid()) as file:
        return [int(word) for word in file.read().split()]


class Worker:
    def __init__(self, index):
        self.index = index
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
        self.groups = []
        for parent in os.environ.get("GROUPS_OWN", "").split():
            group = "%s/worker-%d" % (parent, index)
            os.mkdir(group)
            with open(group + "/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))
            self.groups.append(group)
        self.listener = socket.socket(socket.AF_UNIX)
        self.name = "sbx-faults-%d-%d" % (os.getpid(), index)
        self.listener.bind("\0" + self.name)
        self.listener.listen(4096)
        self.listener.setblocking(False)
        # A number that no process has in a small pid namespace of a launch.
        pid = 0
        while pid < 200:
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
        self.victim = subprocess.Popen(["sleep", "3600"])
        self.mounts = open("/proc/self/mounts").read()
        self.outer = [os.readlink("/proc/self/ns/" + name) for name in NAMESPACES]
        self.out, self.err, self.report = (os.memfd_create(name) for name in ("out", "err", "report"))

    def close(self):
        self.victim.kill()
        self.victim.wait()
        for group in self.groups:
            with open(os.path.dirname(group) + "/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))
            os.rmdir(group)

    def program(self):
        return [PLACE + "/bin/confined", str(self.victim.pid), self.name] + self.outer

    def take(self, fd):
        text = os.pread(fd, 1 << 20, 0).decode(errors="replace")
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)
        return text

    def run(self, argv, keep=False, in_place=False):
        """(status or None for a hang, output, errors, report, what was left)."""
        null = os.open("/dev/null", os.O_RDONLY)
        actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, self.out, 1), (os.POSIX_SPAWN_DUP2, self.err, 2),
                   (os.POSIX_SPAWN_DUP2, self.report, 251)]
        if keep:
            actions.append((os.POSIX_SPAWN_DUP2, null, 250))
        pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
        os.close(null)
        watch = os.pidfd_open(pid)
        ended = select.select([watch], [], [], PATIENCE)[0]
        os.close(watch)
        status = None
        if ended:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        left = self.wait_for_nobody(0.05 if in_place else 3) if ended else []
        while self.others():
            for other in self.others():
                os.kill(other, signal.SIGKILL)
            self.reap()
            time.sleep(0.01)
        try:
            while True:
                self.listener.accept()[0].close()
        except BlockingIOError:
            pass
        mounts = open("/proc/self/mounts").read()
        if mounts != self.mounts:
            left.append("mounts")
            self.mounts = mounts
        if in_place: # nobody stays there to end what is left
            left = [what for what in left if "/confined" not in what]
        return status, self.take(self.out), self.take(self.err), self.take(self.report), left

    def others(self):
        return [pid for pid in descendants() if pid != self.victim.pid]

    def reap(self):
        for pid in self.others():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass

    def wait_for_nobody(self, patience):
        """What is killed may take a moment to go."""
        deadline = time.monotonic() + patience
        while True:
            self.reap()
            left = self.others()
            if not left:
                return []
            if time.monotonic() > deadline:
                return ["process %d (%s)" % (pid, open("/proc/%d/cmdline" % pid).read().replace("\0", " ")[:80] or "?") for pid in left]
            time.sleep(0.002)

    def groups_left(self):
        return [entry.path for group in self.groups for entry in os.scandir(group) if entry.is_dir()]

    def launch(self, way, what):
        argv = ["inject", "-r", "251"] + (["-a", str(way.abi)] if way.abi is not None else []) + what
        return self.run(argv + ["sbx-run", "--name=faults"] + way.options.split() + ["--"] + self.program(), way.keep, "--in-place" in way.options)

    def attempts(self, output):
        return dict(re.findall(r"^try (.*): (.*)$", output, re.M))

    def prepare(self, way):
        """The launch without a fault: (output, errors, calls), or what is wrong with it."""
        bare = self.attempts(self.run(self.program())[1])
        first, second = self.launch(way, ["list"]), self.launch(way, ["list"])
        status, output, errors, report, left = first
        if status != 0 or left or self.groups_left():
            return "without a fault: status %s, left %s\n%s%s" % (status, left + self.groups_left(), output, errors)
        if output != second[1]:
            return "two launches differ: \n%s\n%s" % (output, second[1])
        opened = way.open.split(", ") + ([] if "execve" in way.options else [ALWAYS_OPEN])
        wrong = [name for name, answer in self.attempts(output).items() if answer == "done" and name not in opened]
        if wrong or "NoNewPrivs:\t1" not in output or "Seccomp:\t2" not in output:
            return "without a fault it is not confined: %s\n%s\n%s" % (wrong, self.program(), output)
        if sum(answer == "done" for answer in bare.values()) < 10:
            return "outside the sandbox the attempts are refused too: %s" % bare
        calls, seen = [], collections.Counter()
        for line in report.splitlines():
            call = tuple(int(word) for word in line.split())
            seen[call] += 1
            calls.append(call + (seen[call],))
        return output, errors, calls

    def no_weaker(self, base, output, errors):
        """The same, or with an attempt refused that is let through without the fault, or in other words. What the machine is told to lack and the
        default profile goes without (mdwe) is no fault of the launch, when it says so."""
        if "cannot set memory-deny-write-execute: the kernel has it not" in errors:
            base = base.replace("mdwe 1", "mdwe 0")
        if output == base:
            return True
        before, after = base.splitlines(), output.splitlines()
        return len(before) == len(after) and all(
            old == new or (old.startswith("try ") and old.split(":")[0] == new.split(":")[0] and not new.endswith(": done")) for old, new in zip(before, after))

    def try_fault(self, way, base, fault):
        """What is wrong with the outcome: None, or words; "" where the call did not come."""
        process, number, nth, error, before_main = fault
        status, output, errors, report, left = self.launch(way, [str(process), str(number), str(nth), str(error)])
        groups = self.groups_left()
        if groups:
            self.run(["sbx-run", "--", "true"])
            stays = self.groups_left()
            if stays or "sbx-run: cannot" not in errors:
                left = left + (["after the next start: " + " ".join(stays)] if stays else ["in silence: " + " ".join(groups)])
            for group in stays:
                os.rmdir(group)
        if status is None:
            return "HANGS\n" + errors
        if left:
            return "left behind: %s (status %d)\n%s" % ("; ".join(left), status, errors)
        if not report:
            return ""
        if status == 0 and self.no_weaker(base[0], output, errors):
            return None
        if output == "":
            usual = base[1].splitlines()
            lines = [line for line in errors.splitlines() if line not in usual and not line.startswith("sbx-run: refused ")]
            if status in (125, 126, 127) and sum(line.startswith("sbx-run: cannot ") for line in lines) == 1 and len(lines) == 1:
                return None
            if before_main and status != 0:
                return None
            return "not started, and not told in one line: status %d\n%s" % (status, errors)
        ended = re.findall("^sbx-run: cannot (?:wait for the program: it was ended|listen to refused calls)", errors, re.M)
        if status == 125 and len(ended) == 1 and base[0].startswith(output):
            return None  # it was started as it should, and is ended
        if output == base[0]:
            return "confined, but status %d\n%s" % (status, errors)
        differs = [line for line in output.splitlines() if line not in base[0].splitlines()]
        return "WEAKER: status %d: %s\n%s" % (status, differs, errors)


def faults_of(calls):
    """Each call with its first error, then each with its second."""
    opened = next((i for i, call in enumerate(calls) if NAMES.get(call[1]) in ("openat", "open")), 0)
    for turn in range(2):
        for i, (process, number, nth) in enumerate(calls):
            if NAMES.get(number) in CANNOT_FAIL:
                continue
            errors = ERRORS.get(NAMES.get(number), USUAL_ERRORS).split()
            if turn < len(errors):
                yield turn, (process, number, nth, getattr(errno, errors[turn]), i < opened)


def work(index, count, ways, deadline, write):
    worker = Worker(index)
    for way in ways:
        base = worker.prepare(way)
        if isinstance(base, str):
            write({"way": way.name, "call": "the launch itself", "wrong": base})
            continue
        for i, (turn, fault) in enumerate(faults_of(base[2])):
            if i % count != index:
                continue
            call = "process %d %s" % (fault[0], NAMES.get(fault[1], fault[1]))
            if time.monotonic() > deadline(way):
                write({"way": way.name, "call": call, "late": turn})
                continue
            wrong = worker.try_fault(way, base, fault)
            if wrong:
                wrong = "%s, occurrence %d, %s: %s" % (call, fault[2], errno.errorcode[fault[3]], wrong)
            write({"way": way.name, "call": call, "wrong": wrong})
    worker.close()


def main():
    sum_file, seconds, only = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    ways = [way for way in WAYS if way.subject == SUBJECT and (not only or only[0] in way.name)]
    start, count = time.monotonic(), min(os.cpu_count(), 4)

    def deadline(way):
        return start + seconds * (ways.index(way) + 1) / len(ways)

    pipes = []
    for index in range(count):
        reader, writer = os.pipe()
        if os.fork() == 0:
            with open(writer, "w", buffering=1) as file:
                work(index, count, ways, deadline, lambda result, file=file: file.write(json.dumps(result) + "\n"))
            os._exit(0)
        os.close(writer)
        pipes.append(open(reader))
    results, late = collections.defaultdict(list), collections.Counter()
    unreached = collections.Counter()
    while pipes:
        for pipe in select.select(pipes, [], [])[0]:
            line = pipe.readline()
            if not line:
                pipes.remove(pipe)
                continue
            result = json.loads(line)
            key = (result["way"], result["call"])
            if "late" in result:
                late[result["late"]] += 1
            elif result["wrong"] == "":
                unreached[key] += 1
            else:
                results[key].append(result["wrong"])
    failed_workers = sum(os.wait()[1] != 0 for _ in range(count))
    tried = weaker = 0
    for (way, call), wrongs in results.items():
        bad = [wrong for wrong in wrongs if wrong]
        tried += len(wrongs)
        weaker += sum("WEAKER" in wrong for wrong in bad)
        print("%s - as %s, %s: %s, %d faults" % ("not ok" if bad else "ok", SUBJECT, way, call, len(wrongs)))
        for wrong in bad[:5]:
            print("\n".join("# " + line for line in wrong.splitlines()[:60]))
    whole = not failed_workers and not late[0]
    print("%s - as %s, every call was made to fail once" % ("ok" if whole else "not ok", SUBJECT))
    if failed_workers or late[0]:
        print("# %d workers failed; %d calls were not tried in %d s" % (failed_workers, late[0], seconds))
    print("as %s: %d faults in %d s; %d calls did not come again; for want of time %d second errors were left out"
          % (SUBJECT, tried, time.monotonic() - start, sum(unreached.values()), late[1]))
    for (way, call), count in unreached.most_common(3):
        print("  of %s: %s, %d did not come again" % (way, call, count))
    with open(sum_file, "w") as file:
        file.write("%d %d %d\n" % (len(results) + 1, tried, weaker))
    sys.exit(0)


main()
