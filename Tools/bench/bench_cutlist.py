"""Ten pieces of one clip at full size: nothing to draw, so nothing may be drawn or copied."""
from context import SLUICE_X264, X264, ffmpeg_command, frame_count, read_stats
from measure import interleaved
from report import Section, at_most, equals

# Seconds into a clip of 30 s; on no key frame in particular, in order, which spares ffmpeg's concat from holding frames.
STARTS = [0.5, 3.1, 6.7, 9.2, 12.4, 15.3, 18.8, 21.5, 24.6, 27.9]
LENGTH = 1.0
FRAMES = 300


def cutlist(context):
    section = Section("Cut list: ten pieces of one 1080p clip at full size, 300 frames, libx264 veryfast crf 23")
    clips = context.media.clips()
    source = context.media.joined("long30.mp4", [clips[0], clips[3], clips[5]])
    trims = ";".join(f"[s{i}]trim=start={t}:duration={LENGTH},setpts=PTS-STARTPTS[p{i}]" for i, t in enumerate(STARTS))
    labels = "".join(f"[s{i}]" for i in range(10))
    pieces = "".join(f"[p{i}]" for i in range(10))
    trim = f"[0:v]split=10{labels};{trims};{pieces}concat=n=10[v]"
    seeks = [word for t in STARTS for word in ("-ss", t, "-t", LENGTH, "-i", source)]
    seek = "".join(f"[{i}:v]" for i in range(10)) + "concat=n=10[v]"
    commands = {}
    for number, (name, path) in enumerate(context.ffmpegs.items()):
        commands[f"{name}, trim + concat"] = ffmpeg_command(
            path, "-i", source, "-filter_complex", trim, "-map", "[v]", *X264, context.path(f"trim-{number}.mp4"))
        commands[f"{name}, ten seeking inputs"] = ffmpeg_command(
            path, *seeks, "-filter_complex", seek, "-map", "[v]", *X264, context.path(f"seek-{number}.mp4"))
    stats = context.path("cutlist.json")
    if context.sluice:
        project = context.write_project("cutlist-project.json", {
            "canvas": {"width": 1920, "height": 1080, "fps": 30},
            "sources": {"clip": source},
            "tracks": [{"kind": "video", "clips": [
                {"source": "clip", "at": i * LENGTH, "in": t, "duration": LENGTH} for i, t in enumerate(STARTS)]}],
        })
        own = context.sluice_command("render", project, *SLUICE_X264, output=context.path("cutlist.mp4"), stats=stats)
        commands = {"sluice": own, **commands}
    # ffmpeg 9 was seen to wait for itself for ever with ten inputs.
    figures = interleaved(commands, context.runs, context.note, limit=30)
    section.measured(figures, "sluice")
    section.notes = [f"{name}: did not end" for name in commands if name not in figures]
    if context.sluice:
        numbers = read_stats(stats)
        wall = figures["sluice"].wall
        trims = [f.wall for name, f in figures.items() if name.endswith("trim + concat")]
        seeks = [f.wall for name, f in figures.items() if name.endswith("inputs")]
        section.checks = [
            at_most("wall time against the faster trim + concat", wall / min(trims), 1.0),
            equals("frames", frame_count(context.path("cutlist.mp4")), FRAMES),
            equals("bytes copied per frame", numbers["bytesCopiedPerFrame"], 0),
            equals("frames that bypassed the renderer", numbers["stages"]["render"]["bypassedFrames"], FRAMES),
            equals("slots leaked", numbers["slots"]["leaked"], 0),
        ]
        if seeks:
            section.checks.append(at_most("wall time against the faster with ten inputs", wall / min(seeks), 1.0))
    return section
