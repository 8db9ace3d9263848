"""A timeline of twenty clips, exported from nothing, once more, and after one clip has changed."""
import shutil
import statistics

from context import SLUICE_X264, read_stats
from measure import Figures, run
from report import Section, equals

CLIPS = 20
SECONDS = 12.0
# Segments are 240 frames: a clip of 360 frames lies in two or three of them.
CHANGED = 7


def at_least(what, value, bound):
    check = equals(what, f"{value:.1f}", "")
    check.target, check.passed = f"at least {bound:.1f}", value >= bound
    return check


def project(sources, seconds, changed):
    clips = []
    for i in range(CLIPS):
        clip = {"source": f"s{i % len(sources)}", "at": i * seconds, "in": 0.1 * (i % 7), "duration": seconds, "opacity": 0.9}
        if i == changed:
            clip["opacity"] = 0.6
        clips.append(clip)
    return {
        "canvas": {"width": 1920, "height": 1080, "fps": 30, "background": "#102030"},
        "sources": {f"s{i}": path for i, path in enumerate(sources)},
        "tracks": [{"kind": "video", "clips": clips}],
    }


def reexport(context, seconds=SECONDS):
    frames = round(CLIPS * seconds * 30)
    section = Section(f"Export again: {CLIPS} clips of 1080p, {frames} frames, libx264 veryfast crf 23")
    if not context.sluice:
        section.notes = ["needs sluice"]
        return section
    clips = context.media.clips()
    # Ten seconds each; two together are longer than any piece.
    sources = [context.media.joined(f"pair{i}.mp4", [clips[i], clips[(i + 1) % 9]]) for i in range(9)]
    plain = context.write_project("reexport.json", project(sources, seconds, None))
    edited = context.write_project("reexport-edited.json", project(sources, seconds, CHANGED))
    cache = context.path("reexport-cache")

    def command(name, path):
        words = ["render", path, "-o", context.path("reexport.mp4"), "-y", "--no-audio", "--progress", "none"]
        return [context.sluice, *words, *SLUICE_X264, "--cache", cache, "--stats", context.path(f"reexport-{name}.json")]

    steps = {"from nothing": plain, "unchanged": plain, "one clip changed": edited}
    runs = {name: [] for name in steps}
    for turn in range(context.runs):
        shutil.rmtree(cache, ignore_errors=True)
        for name, path in steps.items():
            context.note(f"{name}, run {turn + 1} of {context.runs}")
            runs[name].append(run(command(name.replace(" ", "-"), path)))
    figures = {name: Figures(r) for name, r in runs.items()}
    section.measured(figures)
    whole = statistics.median(r.wall for r in runs["from nothing"])
    counts = {name: read_stats(context.path(f"reexport-{name.replace(' ', '-')}.json")) for name in steps}
    section.notes = [
        f"{name}: {numbers['segments']['rendered']} segments rendered, {numbers['segments']['reused']} reused"
        for name, numbers in counts.items()
    ]
    section.checks = [
        at_least("times as fast after one clip's change as from nothing", whole / figures["one clip changed"].wall, 8.0),
        at_least("times as fast unchanged as from nothing", whole / figures["unchanged"].wall, 20.0),
        equals("segments rendered when nothing changed", counts["unchanged"]["segments"]["rendered"], 0),
        equals("frames", counts["one clip changed"]["frames"], frames),
    ]
    return section
