"""The stall in the output after a worker is killed: the longest gap between two frames of a pipe."""
import json
import os
import random
import signal
import statistics
import subprocess
import threading
import time

from report import Check, Section

KILLS = 20
WIDTH, HEIGHT = 640, 360


def children(parent, name):
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as file:
                text = file.read()
        except OSError:
            continue
        rest = text[text.rindex(")") + 2:].split()
        if int(rest[1]) == parent and f"({name})" in text and rest[0] != "Z":
            found.append(int(entry))
    return found


def stalls(context, clip, victim, kills):
    """Longest gap between frames around each kill, and the longest in peace, in milliseconds."""
    project = context.path("recovery.json")
    with open(project, "w") as file:
        json.dump({"canvas": {"width": WIDTH, "height": HEIGHT, "fps": 30}, "sources": {"a": clip},
                   "tracks": [{"kind": "video", "clips": [
                       {"source": "a", "at": 60 * n, "duration": 60, "opacity": 0.75} for n in range(10)]}]}, file)
    run = subprocess.Popen([context.sluice, "render", project, "-o", "-", "--format", "rawvideo", "--progress", "none",
                            "--renderers", "1", "--decoders", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    times = []
    size = WIDTH * HEIGHT * 3 // 2

    def read():
        while True:
            # A reader at a steady 120 frames a second: what it waits longer for is the stall.
            if len(run.stdout.read(size)) < size:
                return
            times.append(time.monotonic())
            time.sleep(1 / 120)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    chance = random.Random(1)
    killed = []
    while len(killed) < kills and run.poll() is None:
        time.sleep(0.8 + 0.4 * chance.random())
        pids = children(run.pid, victim)
        if pids and len(times) > 30:
            killed.append(time.monotonic())
            os.kill(pids[0], signal.SIGKILL)
    time.sleep(1)
    run.send_signal(signal.SIGTERM)
    run.wait()
    reader.join(5)
    gaps = [(b - a, a) for a, b in zip(times, times[1:])]
    hurt = [max((gap for gap, at in gaps if moment - 0.05 <= at <= moment + 0.7), default=0) * 1000 for moment in killed]
    calm = [gap for gap, at in gaps if not any(m - 0.05 <= at <= m + 0.7 for m in killed)]
    return hurt, max(calm, default=0) * 1000


def recovery(context):
    section = Section(f"Stall in the output after a kill, {WIDTH}x{HEIGHT}, one renderer, one decoder, key frames every 24 frames")
    section.header = ["killed", "kills", "median ms", "longest ms", "longest gap in peace ms"]
    clip = context.path("recovery.mp4")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=s={WIDTH}x{HEIGHT}:r=30", "-t", "60", "-c:v",
                    "libx264", "-preset", "veryfast", "-g", "24", "-pix_fmt", "yuv420p", clip], check=True)
    for name, program in (("renderer", "sluice-renderer"), ("decoder", "sluice-decoder")):
        context.note(f"kills of a {name}")
        hurt, calm = stalls(context, clip, program, KILLS)
        median = statistics.median(hurt) if hurt else 0
        section.rows.append([name, str(len(hurt)), f"{median:.0f}", f"{max(hurt, default=0):.0f}", f"{calm:.0f}"])
        section.checks.append(Check(f"stall after a killed {name}", f"{median:.0f} ms", "under 250 ms", len(hurt) > 0 and median < 250))
    return section
