"""Runs a command and measures its whole process tree: wall time, CPU time, peak memory.

Memory is the sum of PSS (proportional set size: a page shared by n processes counts 1/n in each) over the command and
all its descendants. Reading PSS walks page tables (about 1 ms for 300 MB), so it is read only when the sum of RSS, which
costs microseconds and is never below the sum of PSS, has reached a new height, and otherwise five times a second.
"""
import os
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

INTERVAL = 0.02   # seconds between looks at RSS
AT_LEAST = 0.2    # seconds between looks at PSS
GROWTH = 1 << 20  # bytes of new RSS that are worth a look at PSS
LIMIT = 600       # seconds that a command may take
PAGE = os.sysconf("SC_PAGE_SIZE")


class CommandFailed(Exception):
    pass


@dataclass
class Run:
    wall: float    # seconds
    cpu: float     # seconds, user and system, of the whole tree
    memory: int    # bytes, peak of the sum of PSS


def tree(pid):
    """The process and its living descendants."""
    found, todo = [], [pid]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    todo += map(int, f.read().split())
        except OSError:
            pass  # it ended meanwhile
    return found


def rss(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm") as f:
                total += int(f.read().split()[1]) * PAGE
        except OSError:
            pass
    return total


def pss(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                for line in f:
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
                        break
        except OSError:
            pass
    return total


class PeakMemory(threading.Thread):
    """Watches the tree below `pid` until stop()."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0, threading.Event()

    def run(self):
        highest, last, pids, listed = 0, 0.0, [self.pid], 0.0
        while not self.ended.wait(INTERVAL):
            now = time.monotonic()
            if now - listed >= 0.1 or now - last >= AT_LEAST:
                pids, listed = tree(self.pid), now
            resident = rss(pids)
            if resident > highest + GROWTH or now - last >= AT_LEAST:
                self.peak = max(self.peak, pss(pids))
                highest, last = max(highest, resident), now

    def stop(self):
        self.ended.set()
        self.join()
        return self.peak


def run(command, limit=LIMIT):
    """Runs one command to its end; raises CommandFailed with its last words, or when it takes more than `limit` seconds."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        memory = PeakMemory(child.pid)
        memory.start()
        watchdog = threading.Timer(limit, child.kill)
        watchdog.start()
        # wait4's usage covers the child and every descendant that was waited for.
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        watchdog.cancel()
        peak = memory.stop()
        child.returncode = os.waitstatus_to_exitcode(status)
        if wall >= limit:
            raise CommandFailed(f"did not end within {limit} s")
        if child.returncode != 0:
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip().splitlines()[-3:]
            raise CommandFailed(f"{os.path.basename(command[0])} exited {child.returncode}: " + " / ".join(words))
    return Run(wall, usage.ru_utime + usage.ru_stime, peak)


@dataclass
class Figures:
    """Median and spread ((highest - lowest) / median) of several runs."""
    runs: list

    def _median(self, pick):
        return statistics.median(map(pick, self.runs))

    @property
    def wall(self):
        return self._median(lambda r: r.wall)

    @property
    def cpu(self):
        return self._median(lambda r: r.cpu)

    @property
    def memory(self):
        return self._median(lambda r: r.memory)

    @property
    def spread(self):
        walls = [r.wall for r in self.runs]
        return (max(walls) - min(walls)) / self.wall


def interleaved(commands, count, note, limit=LIMIT):
    """Runs {name: command} `count` times in turn (A B C A B C …). Returns {name: Figures}, without those that failed."""
    runs = {name: [] for name in commands}
    for turn in range(count):
        for name in list(runs):
            note(f"{name}, run {turn + 1} of {count}")
            try:
                runs[name].append(run(commands[name], limit))
            except CommandFailed as failure:
                if name == "sluice":
                    raise
                note(f"{name} is left out: {failure}")
                del runs[name]
    return {name: Figures(r) for name, r in runs.items()}
