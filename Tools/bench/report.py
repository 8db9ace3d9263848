"""Tables, targets, and the file that keeps the last ones."""
import os
import platform
import re
from dataclasses import dataclass, field
from datetime import date


@dataclass
class Check:
    what: str
    value: str
    target: str
    passed: bool

    def __str__(self):
        return f"{'pass' if self.passed else 'MISS'}  {self.what}: {self.value} (target: {self.target})"


def at_most(what, value, bound, form="{:.2f}"):
    return Check(what, form.format(value), "at most " + form.format(bound), value <= bound)


def equals(what, value, wanted):
    return Check(what, str(value), str(wanted), value == wanted)


@dataclass
class Section:
    """What one bench found."""
    title: str
    header: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    checks: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def measured(self, figures, baseline=None):
        """One row per command; with a baseline's name the ratio of its wall time and memory to each other one."""
        self.header = ["", "wall s", "spread", "CPU s", "peak PSS MB"]
        if baseline in figures and len(figures) > 1:
            self.header += [f"wall: {baseline} / this", f"memory: {baseline} / this"]
        for name, f in figures.items():
            row = [name, f"{f.wall:.2f}", f"{f.spread:.0%}", f"{f.cpu:.2f}", f"{f.memory / 1e6:.0f}"]
            if len(self.header) > 5:
                own = figures[baseline]
                row += [f"{own.wall / f.wall:.2f}", f"{own.memory / f.memory:.2f}"] if name != baseline else ["", ""]
            self.rows.append(row)
        return self

    def markdown(self, machine):
        lines = [f"*{date.today().isoformat()}, {machine}*", ""]
        if self.rows:
            lines += ["| " + " | ".join(self.header) + " |", "|" + "---|" * len(self.header)]
            lines += ["| " + " | ".join(row) + " |" for row in self.rows] + [""]
        lines += [f"- {n}" for n in self.notes]
        lines += [f"- {'**pass**' if c.passed else '**miss**'}: {c.what}: {c.value}; target {c.target}" for c in self.checks]
        return "\n".join(lines)

    def text(self):
        table = [self.header] + self.rows if self.rows else []
        widths = [max(len(row[i]) for row in table) for i in range(len(self.header))] if table else []
        lines = [self.title]
        for row in table:
            cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
            lines.append("  " + "  ".join(cells).rstrip())
        lines += [f"  {n}" for n in self.notes] + [f"  {c}" for c in self.checks]
        return "\n".join(lines)


def machine():
    """CPU, cores, memory and kernel in one line."""
    model = platform.machine()
    with open("/proc/cpuinfo") as f:
        found = re.search(r"model name\s*: (.*)", f.read())
        model = found.group(1) if found else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, Linux {platform.release()}"


def keep(path, name, section, machine_line):
    """Replaces what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; adds both at the end where missing."""
    opening, closing = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if opening not in text:
        text = text.rstrip("\n") + f"\n\n## {section.title}\n\n{opening}\n{closing}\n"
    before, rest = text.split(opening, 1)
    _, after = rest.split(closing, 1)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{before}{opening}\n{section.markdown(machine_line)}\n{closing}{after}")
