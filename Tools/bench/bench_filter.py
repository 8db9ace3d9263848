"""Throughput of filter workers: the examples in C and in Python, on whole 1080p frames."""
import os
import subprocess

from context import EVEN, ffmpeg_command, read_stats
from measure import interleaved
from report import Section, equals

FRAMES = 285
EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "ipc-schema", "examples")


def filters(context):
    section = Section(f"Filter workers: every sample of {FRAMES} 1080p frames inverted, raw output")
    clip = context.media.clips()[0]
    program = context.path("filter-in-c")
    subprocess.run(["cc", "-std=c11", "-O2", os.path.join(EXAMPLES, "worker.c"), "-lzmq", "-o", program], check=True)
    stats = context.path("filters.stats")

    def render(name, command, count=1):
        effects = [{"worker": "invert", "version": "1"}] if command else []
        project = context.write_project(f"filter-{name}.json", {
            "canvas": {"width": 1920, "height": 1080, "fps": 30}, "sources": {"a": clip},
            "tracks": [{"kind": "video", "clips": [{"source": "a", "at": 0, "duration": FRAMES / 30}]}],
            "output": {"effects": effects}})
        words = ["render", project, "--format", "rawvideo"]
        filters = {"filters": {"invert": {"command": command, "count": count, "nice": 0}}} if command else {}
        words += ["--launch", context.write_project(f"filter-{name}-launch.json", {"workers": EVEN | filters})]
        return context.sluice_command(*words, output="-", stats=stats if name == "python" else None)

    python = ["python3", "-B", os.path.join(EXAMPLES, "worker.py")]
    figures = interleaved({
        "no filter": render("none", None), "C": render("c", [program]), "C, two workers": render("c2", [program], 2),
        "Python, numpy": render("python", python), "Python, two workers": render("python2", python, 2),
        **{f"{name}, negate": ffmpeg_command(path, "-i", clip, "-frames:v", FRAMES, "-vf", "negate", "-f", "rawvideo", "/dev/null")
           for name, path in context.ffmpegs.items()},
    }, context.runs, context.note)
    section.header = ["", "wall s", "frames/s", "MB/s filtered", "CPU s"]
    for name, figure in figures.items():
        rate = FRAMES / figure.wall
        section.rows.append([name, f"{figure.wall:.2f}", f"{rate:.0f}", f"{rate * 1920 * 1080 * 1.5 / 1e6:.0f}", f"{figure.cpu:.2f}"])
    numbers = read_stats(stats)
    section.checks = [equals("bytes copied per frame", numbers["bytesCopiedPerFrame"], 0),
                      equals("slots leaked", numbers["slots"]["leaked"], 0)]
    return section
