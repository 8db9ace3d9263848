"""Throughput of a running render before and after `sluice attach`, by role; and what containment costs a program's start."""
import json
import statistics
import subprocess
import time

from context import EVEN
from measure import run
from report import Check, Section

SECONDS = 6  # of each measurement


def frames(context, pid):
    """Frames of the run so far, and the moment; None when it is over."""
    done = subprocess.run([context.sluice, "ps", "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        return None
    for found in json.loads(done.stdout):
        if found["pid"] == pid:
            return found["frames"], time.monotonic()
    return None


def rate(context, pid):
    """Frames a second over some seconds; None when the run ended meanwhile."""
    before = frames(context, pid)
    time.sleep(SECONDS)
    after = frames(context, pid)
    return (after[0] - before[0]) / (after[1] - before[1]) if before and after else None


def timeline(context, role, clips):
    """A long render that waits for this role, and its arguments."""
    # A renderer's work: every picture is turned. An encoder's: many small segments. A decoder's: four streams at a time.
    clip = {"source": "a", "in": 0.0, "duration": 9.5, "opacity": 0.9}
    if role == "renderer":
        clip |= {"rotate": 20}
    layers = 3 if role == "renderer" else 1
    tracks = [{"kind": "video", "clips": [clip | {"at": 9.5 * n} for n in range(60)]}] * layers
    if role == "decoder":
        place = {"width": 240, "height": 136}
        tracks = [{"kind": "video", "clips": [
            clip | {"at": 9.5 * n, "source": "abcd"[(n + t) % 4], "place": place | {"x": 240 * t, "y": 0}} for n in range(60)]}
            for t in range(4)]
    project = context.write_project(f"attach-{role}.json", {
        "canvas": {"width": 1280, "height": 720, "fps": 30}, "sources": dict(zip("abcd", clips)), "tracks": tracks})
    if role == "encoder":
        return ["render", project, "--codec", "libx264", "--preset", "slow"], context.path("attach.mkv")
    return ["render", project, "--format", "rawvideo"], "-"


def attach(context):
    section = Section("Throughput before and after `sluice attach`, 1280x720, from one worker of the role to two")
    section.header = ["role", "frames/s before", "frames/s after", "ratio", "attach took ms"]
    clips = context.media.clips()[:4]
    for role in ("renderer", "encoder", "decoder"):
        context.note(f"attach a {role}")
        before, after, waits = [], [], []
        for _ in range(context.runs):
            words, output = timeline(context, role, clips)
            launch = context.write_project("even.json", {"workers": EVEN})
            workers = ["--launch", launch, "--decoders", "1", "--renderers", "1"] + (["--encoders", "1"] if output != "-" else [])
            command = context.sluice_command(*words, *workers, output=output)
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
                try:
                    while (found := frames(context, child.pid)) is None or found[0] < 60:
                        time.sleep(0.1)
                    one = rate(context, child.pid)
                    start = time.monotonic()
                    subprocess.run([context.sluice, "attach", str(child.pid), "--role", role], check=True, capture_output=True)
                    waits.append((time.monotonic() - start) * 1000)
                    time.sleep(1)
                    two = rate(context, child.pid)
                    if one and two:
                        before.append(one)
                        after.append(two)
                finally:
                    child.terminate()
        if before:
            first, second = statistics.median(before), statistics.median(after)
            section.rows.append([role, f"{first:.1f}", f"{second:.1f}", f"{second / first:.2f}", f"{statistics.median(waits):.0f}"])
    rates = {row[0]: float(row[3]) for row in section.rows}
    for role in ("renderer", "encoder"):
        value = rates.get(role, 0)
        section.checks.append(Check(f"throughput after a second {role}", f"{value:.2f} times", "above 1.1 times", value > 1.1))
    section.notes.append("a decoder attached gets the streams that are opened from then on; each stream was a thread before, too")
    return section


def startup(context, turns=10):
    """The shortest run there is (one frame), its programs contained and not."""
    section = Section("Start of contained programs: a run of one frame")
    section.header = ["containment", "wall ms", "CPU ms"]
    project = context.write_project("one.json", {
        "canvas": {"width": 320, "height": 180, "fps": 30}, "sources": {"a": context.media.clips()[0]},
        "tracks": [{"kind": "video", "clips": [{"source": "a", "at": 0, "duration": "1f", "opacity": 0.5}]}]})
    roles = ("decoder", "renderer", "encoder")
    found = {"full": [], "off": []}
    for _ in range(turns * context.runs):
        for word, runs in found.items():
            launch = context.write_project(f"{word}.json", {"workers": {role: {"containment": word} for role in roles}})
            runs.append(run(context.sluice_command("render", project, "--launch", launch, output=context.path("one.mkv"))))
    middle = {word: (statistics.median(r.wall for r in runs) * 1000, statistics.median(r.cpu for r in runs) * 1000)
              for word, runs in found.items()}
    for word, (wall, cpu) in middle.items():
        section.rows.append([word, f"{wall:.0f}", f"{cpu:.0f}"])
    cost = middle["full"][1] - middle["off"][1]
    section.checks.append(Check("CPU time of containing five programs", f"{cost:.1f} ms", "under 50 ms", cost < 50))
    return section
