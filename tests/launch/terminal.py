# SPDX-License-Identifier: GPL-2.0-or-later
"""A shell with job control in a pty, the same commands as they are and under sbx-run: what is seen must be the same.

Nothing here waits a fixed time for something to happen: each step waits for what it must see, up to PATIENCE.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 30
SETTLE = 0.3  # for what must not come a second time
number = 0


class Lost(Exception):
    pass


class Terminal:
    """A program in a pty of its own."""

    def __init__(self, argv):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="PROMPT:$?: ", PS2="", HISTFILE="")
            os.execvp(argv[0], argv)

    def pump(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors="replace").replace("\r", "")
        return bool(data)

    def expect(self, pattern):
        """The match; what was seen up to it is done with."""
        deadline = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            if time.monotonic() > deadline:
                raise Lost("waited for %r, saw %r" % (pattern, self.seen[-1000:]))
            self.pump(0.5)

    def send(self, text):
        os.write(self.fd, text.encode())

    def until(self, what, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise Lost("waited until %s, saw %r" % (what, self.seen[-1000:]))
            self.pump(0.02)

    def settle(self):
        deadline = time.monotonic() + SETTLE
        while time.monotonic() < deadline:
            self.pump(0.05)

    def foreground(self):
        return struct.unpack("i", fcntl.ioctl(self.fd, termios.TIOCGPGRP, b"\0" * 4))[0]

    def close(self):
        try:
            os.kill(self.pid, signal.SIGHUP)
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.close(self.fd)
        return os.waitpid(self.pid, 0)[1]


class Shell(Terminal):
    def __init__(self):
        super().__init__(["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.prompt()

    def prompt(self):
        """Waits for the prompt, which tells the status of the command before: (status, what it printed)."""
        match = self.expect(r"(?s)(.*?)PROMPT:(\d+): $")
        return int(match.group(2)), match.group(1)

    def run(self, command):
        self.send(command + "\n")
        status, text = self.prompt()
        return status, text.replace(command + "\n", "", 1)

    def sync(self):
        """Past all prompts that are still to come."""
        self.send("echo PA''ST\n")
        self.expect("PAST\n")
        self.prompt()

    def start(self, command):
        """Starts it and waits until it says `ready`, which no command line has in one word."""
        self.send(command + "\n")
        self.expect("READY\n")


def sh(text):
    return "sh -c '%s'" % text


SLEEPER = sh("echo REA\"\"DY; exec sleep 500")
CONTINUER = "signals CONT"


def interrupt(shell, run):
    shell.start(run + SLEEPER)
    shell.send("\x03")
    return shell.prompt()[0]


def interrupt_loop(shell, run):
    shell.start("for i in 1 2 3; do %s%s; done; echo AF''TER" % (run, SLEEPER))
    shell.send("\x03")
    status, text = shell.prompt()
    return status, "AFTER" in text


def interrupt_handled(shell, run):
    """An editor keeps ^C for itself and ends by its own will: the loop of the shell goes on."""
    shell.start("for i in 1; do %s%s; done; echo AF''TER" % (run, "signals INT=3"))
    shell.send("\x03")
    status, text = shell.prompt()
    return status, "AFTER" in text


def quit_key(shell, run):
    shell.run("ulimit -c 0")
    shell.start(run + SLEEPER)
    shell.send("\x1c")
    return shell.prompt()[0]


def stop_and_fg(shell, run):
    shell.start(run + CONTINUER)
    shell.send("\x1a")
    stopped = shell.prompt()[0]
    jobs = "Stopped" in shell.run("jobs")[1]
    shell.send("fg\n")
    shell.expect("GOT CONT\n")
    shell.send("\x03")
    return stopped, jobs, shell.prompt()[0]


def stop_twice(shell, run):
    shell.start(run + CONTINUER)
    seen = []
    for _ in range(3):
        shell.send("\x1a")
        seen.append(shell.prompt()[0])
        shell.send("fg\n")
        shell.expect("GOT CONT\n")
    shell.send("\x03")
    return seen, shell.prompt()[0]


def stop_and_bg(shell, run):
    shell.start(run + CONTINUER)
    shell.send("\x1a")
    stopped = shell.prompt()[0]
    shell.send("bg\n")
    shell.expect("GOT CONT\n")
    shell.sync()
    running = "Running" in shell.run("jobs")[1]
    shell.send("kill %1; wait %1\n")
    return stopped, running, shell.prompt()[0]


def reads_in_background(shell, run):
    shell.run(run + "cat &")
    shell.until("it is stopped", lambda: "Stopped" in shell.run("jobs")[1])
    shell.send("fg\n")
    shell.expect("cat\n")
    shell.send("typed\n")
    shell.expect("typed\ntyped\n")
    shell.send("\x04")
    return shell.prompt()[0]


def writes_in_background(shell, run):
    shell.run("stty tostop")
    shell.run(run + sh("echo WRIT\"\"TEN") + " &")
    shell.until("it is stopped", lambda: "Stopped" in shell.run("jobs")[1])
    shell.send("fg\n")
    shell.expect("WRITTEN\n")
    status = shell.prompt()[0]
    shell.run("stty -tostop")
    return status


def window_size(shell, run):
    shell.start(run + "signals WINCH")
    fcntl.ioctl(shell.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    shell.expect("GOT WINCH\n")
    shell.settle()
    again = "WINCH" in shell.seen
    shell.send("\x03")
    return again, shell.prompt()[0], "33 99" in shell.run(run + "stty size")[1]


def shell_inside(shell, run):
    shell.send(run + "env PS1='INNER:$?: ' bash --norc --noprofile --noediting -i\n")
    shell.expect(r"INNER:0: $")
    shell.send(CONTINUER + "\n")
    shell.expect("READY\n")
    shell.send("\x1a")
    stopped = shell.expect(r"INNER:(\d+): $").group(1)
    shell.send("jobs\n")
    jobs = shell.expect(r"(Stopped|none)").group(1)
    shell.expect(r"INNER:0: $")
    shell.send("fg\n")
    shell.expect("GOT CONT\n")
    shell.send("\x03")
    interrupted = shell.expect(r"INNER:(\d+): $").group(1)
    shell.send("exit 5\n")
    status = shell.prompt()[0]
    shell.start(run + SLEEPER)  # the terminal is the outer shell's again
    shell.send("\x03")
    return stopped, jobs, interrupted, status, shell.prompt()[0]


def pipelines(shell, run):
    seen = [shell.run("%secho a | %str a b; echo ${PIPESTATUS[@]}" % (run, run))]
    seen.append(shell.run("%syes | head -n 1; echo ${PIPESTATUS[@]}" % run))
    seen.append(shell.run("yes | %shead -n 1; echo ${PIPESTATUS[@]}" % run))
    shell.start("%s%s | %scat" % (run, SLEEPER, run))
    shell.send("\x03")
    seen.append(shell.prompt()[0])
    shell.start("%s%s | %scat" % (run, CONTINUER, run))
    shell.send("\x1a")
    seen.append(shell.prompt()[0])
    shell.send("fg\n")
    shell.expect("GOT CONT\n")
    shell.send("\x03")
    seen.append(shell.prompt()[0])
    return seen


def background(shell, run):
    seen = [shell.run("%ssh -c 'exit 7' & wait $!" % run)[0]]
    shell.start(run + SLEEPER + " &")
    shell.sync()
    shell.send("kill %1; wait %1\n")
    seen.append(shell.prompt()[0])
    shell.start(run + SLEEPER + " &")
    shell.sync()
    shell.send("kill -9 %1; wait %1\n")
    seen.append(shell.prompt()[0])
    return seen


def settings(shell, run):
    before = shell.run("stty -a")[1]
    # bash repairs what a program that a signal ended has left, nobody does after one that ended by itself.
    status = shell.run(run + sh("stty -echo -icanon; kill -9 $$"))[0]
    shell.sync()
    return status, shell.run("stty -a")[1] == before


def stopped_by_itself(shell, run):
    shell.start(run + sh("echo REA\"\"DY; kill -STOP $$; echo WENT\"\"ON; exit 4"))
    stopped = shell.prompt()[0]
    shell.send("fg\n")
    shell.expect("WENTON\n")
    return stopped, shell.prompt()[0]


COUNTER = "signals USR1 TERM INT HUP"


def once(shell, run, send, name):
    """How often a signal arrives: send(pid of the job's leader)."""
    shell.start(run + COUNTER)
    leader = shell.foreground()
    send(leader)
    shell.expect("GOT %s\n" % name)
    shell.settle()
    again = shell.seen.count("GOT " + name)
    os.killpg(leader, signal.SIGKILL)
    shell.prompt()
    return 1 + again


def signals(shell, run):
    seen = {"to the pid": once(shell, run, lambda pid: os.kill(pid, signal.SIGUSR1), "USR1"),
            "to the group": once(shell, run, lambda pid: os.killpg(pid, signal.SIGUSR1), "USR1"),
            "from the terminal": once(shell, run, lambda pid: shell.send("\x03"), "INT"),
            "to the group again": once(shell, run, lambda pid: os.killpg(pid, signal.SIGTERM), "TERM")}
    # More than one, one after the other: none is lost and none doubled.
    shell.start(run + COUNTER)
    leader = shell.foreground()
    for _ in range(3):
        os.killpg(leader, signal.SIGUSR1)
        shell.expect("GOT USR1\n")
        os.kill(leader, signal.SIGHUP)
        shell.expect("GOT HUP\n")
    shell.settle()
    seen["one after the other"] = shell.seen.count("GOT")
    os.killpg(leader, signal.SIGKILL)
    shell.prompt()
    # timeout(1) puts itself into a group of its own, which it signals.
    shell.start("timeout -s USR1 1 " + run + COUNTER)
    shell.expect("GOT USR1\n")
    shell.settle()
    seen["by timeout"] = 1 + shell.seen.count("GOT USR1")
    os.killpg(shell.foreground(), signal.SIGKILL)
    shell.send("\n")
    shell.prompt()
    return seen


# Name, what is done, what must be seen under sbx-run (None: the same as without).
SCENES = [
    ("^C ends the program, 130", interrupt, None),
    ("^C ends the shell's loop too", interrupt_loop, None),
    ("^C that the program handles does not", interrupt_handled, None),
    ("^\\", quit_key, None),
    ("^Z, fg", stop_and_fg, None),
    ("^Z and fg three times", stop_twice, None),
    ("^Z, bg, kill", stop_and_bg, None),
    ("reading in the background (SIGTTIN), fg", reads_in_background, None),
    ("writing in the background (SIGTTOU), fg", writes_in_background, None),
    ("SIGWINCH comes once", window_size, None),
    ("a shell with job control inside", shell_inside, None),
    ("pipelines", pipelines, None),
    ("in the background, killed", background, None),
    ("a program that stops itself", stopped_by_itself, None),
    ("settings of the terminal after it was killed", settings, None),
    ("each signal reaches the program once", signals, None),
]
WAYS = ["sbx-run -q -- ", "sbx-run -q --limits=off -- "]


def tell(good, name, detail=""):
    global number
    number += 1
    print("%s %d - %s" % ("ok" if good else "not ok", number, name))
    for line in ([] if good else detail.splitlines()):
        print("# " + line)
    sys.stdout.flush()


def look(scene, run):
    shell = Shell()
    try:
        return scene(shell, run)
    except Lost as lost:
        return "LOST: %s" % lost
    finally:
        shell.close()


def repaired():
    """No shell is there to repair the terminal: its settings and foreground group are as before sbx-run."""
    terminal = Terminal(["sbx-run", "--", "sh", "-c", "echo REA''DY; read a; stty raw -echo; exit 3"])
    terminal.expect("READY\n")
    before = termios.tcgetattr(terminal.fd)
    terminal.send("\n")
    status = os.waitpid(terminal.pid, 0)[1]
    after = termios.tcgetattr(terminal.fd)
    os.close(terminal.fd)
    return os.waitstatus_to_exitcode(status), before == after


def new_session(shell):
    """The terminal's group is sbx-run alone: what it gets is passed on, once."""
    run = "sbx-run -q --new-session -- "
    seen = [once(shell, run, lambda pid: os.kill(pid, signal.SIGUSR1), "USR1"),
            once(shell, run, lambda pid: os.killpg(pid, signal.SIGUSR1), "USR1"),
            once(shell, run, lambda pid: shell.send("\x03"), "INT")]
    shell.start(run + SLEEPER)
    shell.send("\x03")
    return seen, shell.prompt()[0]


def main():
    for name, scene, want in SCENES:
        bare = look(scene, "")
        if isinstance(bare, str):
            tell(False, name + ": without sbx-run", bare)
            continue
        for run in WAYS:
            seen = look(scene, run)
            tell(seen == (bare if want is None else want), "%s: %sas without" % (name, run.replace("-- ", "")), "without: %s\nunder:   %s" % (bare, seen))
    status, same = repaired()
    tell(status == 3 and same, "the terminal's settings are restored where no shell does it", "status %s, same %s" % (status, same))
    shell = Shell()
    try:
        seen = new_session(shell)
    except Lost as lost:
        seen = str(lost)
    shell.close()
    tell(seen == ([1, 1, 1], 130), "--new-session: each signal reaches the program once, ^C ends it", str(seen))


main()
