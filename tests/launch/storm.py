# SPDX-License-Identifier: GPL-2.0-or-later
"""storm.py COMMAND...: starts it 200 times at once and kills 100 of them with SIGKILL, each at a random moment."""
import collections
import random
import signal
import subprocess
import sys
import time

SEED = random.randrange(1 << 32)
MOMENTS = 0.9  # of a program that takes a second
chance = random.Random(SEED)
processes, kills, start = [], [], time.monotonic()
for i in range(200):
    processes.append(subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL))
    if i % 2:
        # Half of them young, within what a start takes.
        delay = chance.uniform(0, 0.02) if i % 4 == 1 else chance.uniform(0, MOMENTS)
        kills.append((time.monotonic() - start + delay, processes[-1]))
    for at, process in [kill for kill in kills if kill[0] <= time.monotonic() - start]:
        process.kill()
        kills.remove((at, process))
for at, process in sorted(kills, key=lambda kill: kill[0]):
    time.sleep(max(0, at - (time.monotonic() - start)))
    process.kill()
statuses = collections.Counter(process.wait() for process in processes[0::2])
killed = sum(process.wait() == -signal.SIGKILL for process in processes[1::2])
if statuses[0] != 100:
    print("statuses of those that were let be: %s (seed %d)" % (dict(statuses), SEED))
print("%d killed, %d ended with 0" % (killed, statuses[0]))
