"""`sluice frame --number` equals the sequential decode, byte for byte, on files whose frames are hard to find."""
import os
import random
import subprocess
import time

from context import ffmpeg_command
from report import Section, equals

SIZE = 640 * 360 * 3 // 2


def frame(context):
    section = Section(f"Frames by number: {context.positions} random positions of each file against the sequential decode")
    section.header = ["", "frames", "positions", "equal", "median ms, process start included"]
    wrong = 0
    for name, path in context.media.odd_files().items():
        context.note(f"frames of {name}")
        raw = context.path("sequential.yuv")
        subprocess.run(ffmpeg_command(context.ffmpeg, "-i", path, "-vsync", "passthrough", "-pix_fmt", "yuv420p",
                                      "-f", "rawvideo", raw), check=True)
        count = os.path.getsize(raw) // SIZE
        if not context.sluice:
            section.rows.append([name, str(count), "", "", ""])
            continue
        numbers = random.Random(name).choices(range(count), k=context.positions)
        equal, took = 0, []
        with open(raw, "rb") as sequential:
            for number in numbers:
                shot = context.path("frame.yuv")
                start = time.monotonic()
                subprocess.run([context.sluice, "frame", path, "--number", str(number), "-o", shot, "-y"], check=True,
                               stdout=subprocess.DEVNULL)
                took.append(time.monotonic() - start)
                sequential.seek(number * SIZE)
                with open(shot, "rb") as f:
                    equal += f.read() == sequential.read(SIZE)
        wrong += len(numbers) - equal
        section.rows.append([name, str(count), str(len(numbers)), str(equal), f"{sorted(took)[len(took) // 2] * 1000:.0f}"])
    if context.sluice:
        section.checks = [equals("frames that differ", wrong, 0)]
    return section
