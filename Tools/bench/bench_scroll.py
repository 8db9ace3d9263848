"""A wall of twenty-four photographs of 12 megapixels that scrolls for twenty seconds, two pixels a frame."""
import importlib.util
import os
import sys

from context import SLUICE_X264, X264, ffmpeg_command, frame_count, read_stats
from measure import interleaved
from report import Check, Section, at_most, equals

COLUMNS, ROWS = 4, 6
TILE = (480, 270)
WALL = ROWS * TILE[1]
SPEED = 60  # pixels a second: two a frame, which ffmpeg's scroll, that knows whole pixels only, can do too
SECONDS = 20
FRAMES = 30 * SECONDS

MOVIEPY = """
import sys
from moviepy import CompositeVideoClip, ImageClip
width, height, wall, columns, speed, seconds = map(int, sys.argv[1:7])
output, photographs = sys.argv[7], sys.argv[8:]
def place(i):
    x, y0 = width * (i % columns), height * (i // columns)
    def at(t):
        y = round((y0 - speed * t + height) % wall) - height
        # MoviePy 2.1 fails on clips that are wholly beyond an edge, except exactly below.
        return x, y if -height < y < 1080 else 1080
    return at
clips = [ImageClip(p).resized((width, height)).with_position(place(i)).with_duration(seconds)
         for i, p in enumerate(photographs)]
video = CompositeVideoClip(clips, size=(width * columns, 1080))
video.write_videofile(output, fps=30, codec="libx264", preset="veryfast", ffmpeg_params=["-crf", "23"], audio=False, logger=None)
"""


def cells():
    w, h = TILE
    look = f"scale={w}:{h}:force_original_aspect_ratio=decrease,pad={w}:{h}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"
    return ";".join(f"[{i}:v]{look}[v{i}]" for i in range(COLUMNS * ROWS))


def stitched():
    """The best graph: the wall is put together once, then scrolled and cropped."""
    w, h = TILE
    count = COLUMNS * ROWS
    layout = "|".join(f"{w * (i % COLUMNS)}_{h * (i // COLUMNS)}" for i in range(count))
    wall = f"{cells()};{''.join(f'[v{i}]' for i in range(count))}xstack=inputs={count}:layout={layout}"
    step = SPEED / 30 / WALL
    return f"{wall},loop=loop={FRAMES - 1}:size=1:start=0,setpts=N/30/TB,scroll=vertical={step:.10f},crop=1920:1080:0:0[v]"


def overlaid():
    """The graph that people write first: every tile an overlay that moves."""
    w, h = TILE
    count = COLUMNS * ROWS
    parts = [cells(), f"color=c=black:s=1920x1080:r=30:d={SECONDS}[o0]"]
    for i in range(count):
        y = f"mod({h * (i // COLUMNS) + h}-{SPEED}*t+{WALL}*100\\,{WALL})-{h}"
        parts.append(f"[v{i}]loop=loop=-1:size=1:start=0[l{i}];[o{i}][l{i}]overlay=x={w * (i % COLUMNS)}:y='{y}':shortest=1[o{i + 1}]")
    return ";".join(parts), f"[o{count}]"


def scroll(context):
    section = Section("A scrolling wall of 24 photographs of 12 megapixels, 600 frames, libx264 veryfast crf 23")
    photographs = context.media.photographs(24)
    inputs = [word for p in photographs for word in ("-framerate", 30, "-i", p)]
    best, naive = {}, {}
    for number, (name, path) in enumerate(context.ffmpegs.items()):
        best[f"{name}, stitched once, scroll"] = ffmpeg_command(
            path, *inputs, "-filter_complex", stitched(), "-map", "[v]", *X264, "-r", 30, "-frames:v", FRAMES,
            context.path(f"scroll-best-{number}.mp4"))
        graph, end = overlaid()
        naive[f"{name}, overlays"] = ffmpeg_command(
            path, *inputs, "-filter_complex", graph, "-map", end, *X264, "-frames:v", FRAMES,
            context.path(f"scroll-overlay-{number}.mp4"))
    python = {}
    if importlib.util.find_spec("moviepy"):
        python["MoviePy"] = [sys.executable, "-c", MOVIEPY, *map(str, (*TILE, WALL, COLUMNS, SPEED, SECONDS)),
                             context.path("scroll-moviepy.mp4"), *photographs]
    stats = context.path("scroll.json")
    commands = dict(best)
    if context.sluice:
        project = context.write_project("scroll-project.json", {
            "canvas": {"width": 1920, "height": 1080, "fps": 30},
            "sources": {**{f"p{i}": p for i, p in enumerate(photographs)}, "wall": {"grid": {
                "sources": [f"p{i}" for i in range(len(photographs))], "columns": COLUMNS, "visible": 4,
                "scroll": {"direction": "up", "speed": SPEED}}}},
            "tracks": [{"kind": "video", "clips": [{"source": "wall", "at": 0, "duration": SECONDS}]}]})
        own = context.sluice_command("render", project, *SLUICE_X264, output=context.path("scroll.mp4"), stats=stats)
        commands = {"sluice": own, **commands}
    figures = interleaved(commands, context.runs, context.note)
    # Minutes each: once is enough.
    figures.update(interleaved({**naive, **python}, 1, context.note, limit=1800))
    section.measured(figures, "sluice")
    if context.sluice:
        own = figures["sluice"]
        section.checks = [
            Check("as fast as the faster ffmpeg that overlays the tiles",
                  f"{min(figures[n].wall for n in naive) / own.wall:.1f} times", "at least 3 times",
                  min(figures[n].wall for n in naive) / own.wall >= 3),
            at_most("wall time against the faster best graph", own.wall / min(figures[n].wall for n in best), 1.0),
            at_most("peak memory, MB", own.memory / 1e6, 400, "{:.0f}"),
            equals("frames", frame_count(context.path("scroll.mp4")), FRAMES),
            equals("slots leaked", read_stats(stats)["slots"]["leaked"], 0),
        ]
        if "MoviePy" in figures:
            faster = figures["MoviePy"].wall / own.wall
            section.checks.insert(0, Check("as fast as MoviePy", f"{faster:.1f} times", "at least 5 times", faster >= 5))
        else:
            section.notes.append("MoviePy is not installed, or fails: not measured")
    return section
