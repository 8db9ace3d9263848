"""Sixteen photographs of 12 megapixels in a grid for ten seconds: each is worth decoding once, the picture drawing once."""
import os

from context import SLUICE_X264, X264, ffmpeg_command, frame_count, read_stats
from measure import interleaved
from report import Check, Section, at_most, equals

CELL = (480, 270)
SECONDS = 10
FRAMES = 30 * SECONDS


def stack():
    """4x4 grid of photographs, each whole, centred on black."""
    w, h = CELL
    look = f"scale={w}:{h}:force_original_aspect_ratio=decrease,pad={w}:{h}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"
    cells = ";".join(f"[{i}:v]{look}[v{i}]" for i in range(16))
    layout = "|".join(f"{w * (i % 4)}_{h * (i // 4)}" for i in range(16))
    return f"{cells};{''.join(f'[v{i}]' for i in range(16))}xstack=inputs=16:layout={layout}"


def photos(context):
    section = Section("Sixteen photographs of 12 megapixels in a 4x4 grid, 300 frames, libx264 veryfast crf 23")
    photographs = context.media.photographs()
    looped = [word for p in photographs for word in ("-loop", 1, "-framerate", 30, "-t", SECONDS, "-i", p)]
    once = [word for p in photographs for word in ("-framerate", 30, "-i", p)]
    naive, best = {}, {}
    for number, (name, path) in enumerate(context.ffmpegs.items()):
        naive[f"{name}, -loop 1"] = ffmpeg_command(path, *looped, "-filter_complex", stack() + "[v]", "-map", "[v]", *X264,
                                                   "-frames:v", FRAMES, context.path(f"photos-loop-{number}.mp4"))
        repeat = f",loop=loop={FRAMES - 1}:size=1:start=0,setpts=N/30/TB[v]"
        best[f"{name}, scaled once"] = ffmpeg_command(path, *once, "-filter_complex", stack() + repeat, "-map", "[v]", *X264,
                                                      "-r", 30, context.path(f"photos-once-{number}.mp4"))
    stats = context.path("photos.json")
    commands = dict(best)
    if context.sluice:
        own = context.sluice_command("grid", *photographs, "--columns", "4", "--canvas", "1920x1080", "--fps", "30", "--gap", "0",
                                     "--duration", str(SECONDS), *SLUICE_X264, output=context.path("photos.mp4"), stats=stats)
        commands = {"sluice": own, **commands}
    figures = interleaved(commands, context.runs, context.note)
    # Minutes each: once is enough.
    figures.update(interleaved(naive, 1, context.note, limit=1200))
    section.measured(figures, "sluice")
    for number in range(len(context.ffmpegs)):
        for kind in ("loop", "once"):
            path = context.path(f"photos-{kind}-{number}.mp4")
            made = frame_count(path) if os.path.exists(path) else 0
            if made != FRAMES:
                section.notes.append(f"an ffmpeg ({kind}) made {made} frames instead of {FRAMES}")
    if context.sluice:
        own = figures["sluice"]
        speed = min(figures[name].wall for name in naive) / own.wall
        section.checks = [
            Check("as fast as the faster ffmpeg with -loop 1", f"{speed:.1f} times", "at least 20 times", speed >= 20),
            at_most("wall time against the faster best graph", own.wall / min(figures[n].wall for n in best), 1.0),
            at_most("peak memory against the smaller best graph", own.memory / min(figures[n].memory for n in best), 0.5),
            equals("frames", frame_count(context.path("photos.mp4")), FRAMES),
            equals("slots leaked", read_stats(stats)["slots"]["leaked"], 0),
        ]
        render = read_stats(stats)["stages"]["render"]
        section.notes.append(f"frames reused without drawing: {render['reusedFrames']} of {FRAMES}")
    return section
