"""A frame handed from one process to the next: Sluice, a pipe, GStreamer's shmsink."""
import json
import os
import shutil
import subprocess
import sys

from report import Check, Section

SIZES = [(64, 64), (3840, 2160), (7680, 4320)]
HERE = os.path.dirname(os.path.abspath(__file__))


def figures(command):
    """The peer's one line of JSON, or None where it cannot run here."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return json.loads(done.stdout) if done.returncode == 0 else None


def pipe_program(context):
    compiler = shutil.which("cc") or shutil.which("clang")
    program = context.path("pipe_peer")
    if not compiler or subprocess.run([compiler, "-O2", "-o", program, os.path.join(HERE, "pipe_peer.c")]).returncode:
        return None
    return program


def handoff(context):
    section = Section("Hand-off of one 8-bit 4:2:0 frame from process to process")
    section.header = ["", "frame", "MB", "p50 µs", "p99 µs", "hand-offs / s"]
    own = {}
    if context.sluice:
        context.note("sluice bench handoff")
        done = subprocess.run([context.sluice, "bench", "handoff", "--json"], check=True, capture_output=True, text=True)
        own = {(s["width"], s["height"]): s for s in json.loads(done.stdout)["sizes"]}
    pipe = pipe_program(context)
    for width, height in SIZES:
        size = width * height * 3 // 2
        count = str(max(100, min(5000, 4_000_000_000 // size // 4)))
        rows = {"sluice": own.get((width, height))}
        context.note(f"pipe and shmsink, {width}x{height}")
        rows["pipe"] = figures([pipe, str(size), count]) if pipe else None
        rows["GStreamer shmsink"] = figures([sys.executable, os.path.join(HERE, "gst_peer.py"), str(size), count])
        for name, found in rows.items():
            if found:
                section.rows.append([name, f"{width}x{height}", f"{size / 1e6:.2f}", f"{found['p50Microseconds']:.1f}",
                                     f"{found['p99Microseconds']:.1f}", f"{found['perSecond']:.0f}"])
            elif name != "sluice":
                section.notes.append(f"{name} could not be run for {width}x{height}")
    four_k = own.get((3840, 2160))
    if four_k:
        p50 = four_k["p50Microseconds"]
        section.checks = [Check("p50 of a 4K frame", f"{p50:.1f} µs", "under 150 µs", p50 < 150)]
    return section
