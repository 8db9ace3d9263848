"""Pictures of the canvas's size laid over each other: two that dissolve into each other, and ten at half opacity."""
from context import SLUICE_X264, X264, ffmpeg_command, frame_count, read_stats
from measure import interleaved
from report import Section, at_most, equals


def dissolve(context):
    """Two clips of ten seconds, in each other's place for the whole of it."""
    section = Section("Two 1080p clips dissolving into each other for 10 s, libx264 veryfast crf 23")
    clips = context.media.clips()[:2]
    commands, floors = {}, {}
    for number, (name, path) in enumerate(context.ffmpegs.items()):
        graph = "[0:v]settb=1/30[a];[1:v]settb=1/30[b];[a][b]xfade=transition=fade:duration=10:offset=0[v]"
        commands[f"{name}, xfade"] = ffmpeg_command(
            path, "-i", clips[0], "-i", clips[1], "-filter_complex", graph, "-map", "[v]", *X264, "-frames:v", 300,
            context.path(f"dissolve-{number}.mp4"))
    project = {
        "canvas": {"width": 1920, "height": 1080, "fps": 30}, "sources": {"a": clips[0], "b": clips[1]},
        "tracks": [{"kind": "video", "clips": [{"source": "a", "at": 0, "duration": 10}]},
                   {"kind": "video", "clips": [{"source": "b", "at": 0, "duration": 10, "opacity": {
                       "keys": [{"t": 0, "v": 0}, {"t": 10, "v": 1}]}}]}]}
    return measured(context, section, "dissolve", project, commands, floors, 300, wall=0.8)


def layers(context):
    """Ten clips over each other, each at half opacity."""
    section = Section("Ten full-size 1080p layers at opacity 0.5 for 5 s, libx264 veryfast crf 23")
    clips = (context.media.clips() * 2)[:10]
    inputs = [word for clip in clips for word in ("-i", clip)]
    commands = {}
    for number, (name, path) in enumerate(context.ffmpegs.items()):
        parts = ["color=c=black:s=1920x1080:r=30[o0]"]
        for i in range(10):
            parts.append(f"[{i}:v]format=yuva420p,colorchannelmixer=aa=0.5[v{i}];[o{i}][v{i}]overlay=shortest=1[o{i + 1}]")
        commands[f"{name}, overlay chain"] = ffmpeg_command(
            path, *inputs, "-filter_complex", ";".join(parts), "-map", "[o10]", *X264, "-frames:v", 150,
            context.path(f"layers-{number}.mp4"))
    project = {
        "canvas": {"width": 1920, "height": 1080, "fps": 30}, "sources": {f"c{i}": clip for i, clip in enumerate(clips)},
        "tracks": [{"kind": "video", "clips": [{"source": f"c{i}", "at": 0, "in": i // 9 * 2, "duration": 5, "opacity": 0.5}]}
                   for i in range(10)]}
    return measured(context, section, "layers", project, commands, {}, 150, wall=0.45, memory=0.5)


def measured(context, section, name, project, commands, floors, frames, wall, memory=None):
    stats = context.path(f"{name}.json")
    newest = list(commands)[-1]
    if context.sluice:
        path = context.write_project(f"{name}-project.json", project)
        own = context.sluice_command("render", path, *SLUICE_X264, output=context.path(f"{name}.mp4"), stats=stats)
        commands = {"sluice": own, **commands}
    figures = interleaved({**commands, **floors}, context.runs, context.note)
    section.measured(figures, "sluice")
    if context.sluice:
        own = figures["sluice"]
        section.checks = [at_most(f"wall time against {newest}", own.wall / figures[newest].wall, wall)]
        if memory:
            section.checks.append(at_most(f"peak memory against {newest}", own.memory / figures[newest].memory, memory))
        section.checks += [equals("frames", frame_count(context.path(f"{name}.mp4")), frames),
                           equals("slots leaked", read_stats(stats)["slots"]["leaked"], 0)]
    return section
