"""What the pipe between encoder and output costs when nobody dies; and the price of an encoder's death at the very end."""
import glob
import os
import statistics
import subprocess
import time

from context import SLUICE_X264, read_stats
from measure import interleaved
from report import Check, Section, at_most, equals

FRAMES = 96


def relay(context):
    """4K pictures, 1.2 GB of them: into a file, which needs no relay, and into a pipe, which has one."""
    section = Section(f"Raw 4K out, {FRAMES} frames of 12.4 MB: a file, and the relay of a pipe")
    project = context.write_project("relay.json", {
        "canvas": {"width": 3840, "height": 2160, "fps": 24}, "sources": {"a": {"lavfi": "testsrc2=s=3840x2160:r=24"}},
        "tracks": [{"kind": "video", "clips": [{"source": "a", "at": 0, "duration": FRAMES / 24}]}]})
    command = context.sluice_command("render", project, "--format", "y4m", output="-")
    file = context.sluice_command("render", project, "--format", "y4m", output="/dev/shm/sluice-bench-relay.y4m")

    def shell(text):
        return ["sh", "-c", text, "sh", *command]

    try:
        figures = interleaved({
            "a file in memory": file, "standard output, /dev/null": shell('"$@" > /dev/null'),
            "a pipe, cat > /dev/null": shell('"$@" | cat > /dev/null'),
            "two pipes": shell('"$@" | cat | cat > /dev/null'),
        }, context.runs, context.note)
    finally:
        if os.path.exists("/dev/shm/sluice-bench-relay.y4m"):
            os.unlink("/dev/shm/sluice-bench-relay.y4m")
    section.measured(figures)
    own = statistics.median(relay_seconds(command) for _ in range(context.runs))
    pipe = figures["a pipe, cat > /dev/null"]
    section.notes.append(f"the relay's thread: {own * 1000:.0f} ms of CPU for {FRAMES * 12.4416 / 1000:.1f} GB; it moves pages, and copies nothing")
    cat = figures["two pipes"].cpu - pipe.cpu
    section.notes.append(f"one more cat, which copies: {cat * 1000:.0f} ms")
    section.checks.append(at_most("the relay's CPU time against that of a cat", own / cat if cat > 0 else 9, 1))
    return section


def relay_seconds(command):
    """CPU time of the relay's thread while `command` writes into a pipe, seconds."""
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    child = subprocess.Popen(command, stdout=reader.stdin, stderr=subprocess.DEVNULL)
    reader.stdin.close()
    spent = 0
    while child.poll() is None:
        for task in glob.glob(f"/proc/{child.pid}/task/*"):
            try:
                with open(task + "/comm") as name, open(task + "/schedstat") as times:
                    if name.read().strip() == "relay":
                        spent = max(spent, int(times.read().split()[0]))
            except OSError:
                pass
        time.sleep(0.01)
    reader.wait()
    return spent / 1e9


def lastframe(context):
    """An encoder killed when it has read the last frame of ten minutes."""
    frames = 600 * 24
    section = Section(f"An encoder killed in the last frame of {frames} (ten minutes, 320x180)")
    section.header = ["", "wall s", "frames encoded", "segments", "restarts"]
    project = context.write_project("lastframe.json", {
        "canvas": {"width": 320, "height": 180, "fps": 24}, "sources": {"a": {"lavfi": "testsrc2=s=320x180:r=24"}},
        "tracks": [{"kind": "video", "clips": [{"source": "a", "at": 0, "duration": 600}]}]})
    files, numbers = {}, {}
    for name, point in (("in peace", None), ("killed", f"encoder:read.after:{frames}:kill")):
        context.note(f"ten minutes, {name}")
        files[name], stats = context.path(f"lastframe-{name}.mkv"), context.path("lastframe.stats")
        environment = dict(os.environ) | ({"SLUICE_KILL_POINT": point} if point else {})
        subprocess.run(context.sluice_command("render", project, *SLUICE_X264, "--encoders", "1", output=files[name], stats=stats),
                       check=True, env=environment, stderr=subprocess.DEVNULL)
        numbers[name] = read_stats(stats)
        n = numbers[name]
        section.rows.append([name, f"{n['wallSeconds']:.1f}", str(n["stages"]["encode"]["frames"]),
                             str(n["segments"]["rendered"]), str(n["restarts"])])
    with open(files["in peace"], "rb") as one, open(files["killed"], "rb") as other:
        same = one.read() == other.read()
    again = numbers["killed"]["stages"]["encode"]["frames"] - numbers["in peace"]["stages"]["encode"]["frames"]
    section.checks = [
        Check("frames encoded again", str(again), "at most 240, one segment", 0 < again <= 240),
        equals("restarts", numbers["killed"]["restarts"], 1), equals("the same bytes", same, True),
        equals("slots leaked", numbers["killed"]["slots"]["leaked"], 0),
    ]
    return section
