"""Nine 1080p clips in a 3x3 grid, against ffmpeg's scale + xstack; the picture's fidelity; the floor below both."""
import re
import subprocess

from context import SLUICE_X264, X264, ffmpeg_command, frame_count, read_stats
from measure import interleaved, run
from report import Check, Section, at_most, equals

CELL = (640, 360)
PSNR_FRAMES = 90


def stack(scale):
    """Filter graph of a 3x3 grid; `scale` makes a cell of an input."""
    cells = ";".join(f"[{i}:v]{scale}[v{i}]" for i in range(9))
    layout = "|".join(f"{CELL[0] * (i % 3)}_{CELL[1] * (i // 3)}" for i in range(9))
    return f"{cells};{''.join(f'[v{i}]' for i in range(9))}xstack=inputs=9:layout={layout}[v]"


def inputs(clips):
    return [word for clip in clips for word in ("-i", clip)]


def peers(context, clips):
    graph = stack(f"scale={CELL[0]}:{CELL[1]}")
    return {name: ffmpeg_command(path, *inputs(clips), "-filter_complex", graph, "-map", "[v]", *X264,
                                 context.path(f"grid-{number}.mp4"))
            for number, (name, path) in enumerate(context.ffmpegs.items())}


def grid_words(clips):
    return ["grid", *clips, "--columns", "3", "--canvas", "1920x1080", "--fps", "30", "--gap", "0"]


def grid(context):
    section = Section("Grid of nine 1080p clips, 300 frames, libx264 veryfast crf 23")
    clips = context.media.clips()
    stats = context.path("grid.json")
    commands = peers(context, clips)
    if context.sluice:
        own = context.sluice_command(*grid_words(clips), *SLUICE_X264, output=context.path("grid.mp4"), stats=stats)
        commands = {"sluice": own, **commands}
    figures = interleaved(commands, context.runs, context.note)
    section.measured(figures, "sluice")
    if not context.sluice:
        return section
    own, others = figures["sluice"], [f for name, f in figures.items() if name != "sluice"]
    numbers = read_stats(stats)
    section.checks = [
        at_most("wall time against the faster ffmpeg", own.wall / min(f.wall for f in others), 0.85),
        at_most("peak memory against the smaller ffmpeg", own.memory / min(f.memory for f in others), 0.55),
        equals("frames", frame_count(context.path("grid.mp4")), 300),
        at_most("supervisor's part of the CPU time", numbers["supervisorCPUSeconds"] / numbers["cpuSeconds"], 0.02, "{:.2%}"),
        equals("slots leaked", numbers["slots"]["leaked"], 0),
        equals("bytes copied per frame", numbers["bytesCopiedPerFrame"], 0),
        at_most("peak memory against its budget, MB", own.memory / 1e6, numbers["memoryBudgetBytes"] / 1e6, "{:.0f}"),
    ]
    section.notes = [f"sluice was limited by {numbers['limitedBy']}; {numbers['restarts']} restarts"]
    return section


def psnr(context, reference, command):
    """dB of the y4m that `command` writes to standard output against the reference's first frames."""
    shown = " ".join(f"'{word}'" for word in command)
    judge = f"{context.ffmpeg} -hide_banner -i - -i '{reference}' -lavfi '[0:v][1:v]psnr=shortest=1' -f null -"
    done = subprocess.run(["bash", "-c", f"{shown} | {judge}"], capture_output=True, text=True)
    found = re.search(r"PSNR y:(\S+) u:(\S+) v:(\S+) average:(\S+)", done.stderr)
    if not found:
        raise RuntimeError("no PSNR: " + done.stderr.strip()[-300:])
    return {"luma": float(found.group(1)), "u": float(found.group(2)), "v": float(found.group(3)), "all": float(found.group(4))}


def quality(context):
    """Two references, because each program's own scaler is nearer to one of them. "exact": zimg at 16 bits with the kernel that
    ffmpeg's scale filter uses (bicubic, B 0, C 0.6), chroma sited at the left, rounded once. "swscale": ffmpeg's own scaler at
    its most accurate; its luma alone, because it takes 4:2:0 chroma to be sited in the centre, which H.264's is not."""
    section = Section(f"Fidelity of the raw grid, {PSNR_FRAMES} frames, PSNR in dB against two bicubic references")
    clips = context.media.clips()
    w, h = CELL
    looks = {
        "exact": f"format=yuv420p16le,zscale={w}:{h}:filter=bicubic:param_a=0:param_b=0.6,zscale=dither=none,format=yuv420p",
        "swscale": f"scale={w}:{h}:flags=bicubic+accurate_rnd+full_chroma_int+bitexact",
    }
    references = {name: context.media.make(f"grid-{name}.y4m", *inputs(clips), "-filter_complex", stack(look), "-map", "[v]",
                                           "-frames:v", PSNR_FRAMES) for name, look in looks.items()}
    raw = ["-map", "[v]", "-frames:v", PSNR_FRAMES, "-f", "yuv4mpegpipe", "-"]
    commands = {name: ffmpeg_command(path, *inputs(clips), "-filter_complex", stack(f"scale={w}:{h}"), *raw)
                for name, path in context.ffmpegs.items()}
    if context.sluice:
        words = [*grid_words(clips), "--duration", f"{PSNR_FRAMES}f", "--format", "y4m"]
        commands = {"sluice": context.sluice_command(*words, output="-"), **commands}
    found = {}
    section.header = ["", "exact: luma", "U", "V", "all planes", "swscale: luma"]
    for name, command in commands.items():
        context.note(f"PSNR of {name}")
        exact, swscale = (psnr(context, references[which], command) for which in ("exact", "swscale"))
        found[name] = {"luma, exact": exact["luma"], "all planes, exact": exact["all"], "luma, swscale": swscale["luma"]}
        section.rows.append([name] + [f"{value:.2f}" for value in (*exact.values(), swscale["luma"])])
    if context.sluice:
        for figure, own in found["sluice"].items():
            best = max(f[figure] for name, f in found.items() if name != "sluice")
            section.checks.append(Check(f"{figure} reference, sluice against the better ffmpeg", f"{own - best:+.2f} dB",
                                        "at least -0.30 dB", own - best >= -0.3))
    return section


def floor(context):
    """What no program can go below with these codecs: decoding alone plus encoding alone."""
    section = Section("Floor of the grid: decoding alone plus encoding alone")
    clips = context.media.clips()
    picture = context.media.make("grid.y4m", *inputs(clips), "-filter_complex", stack(f"scale={CELL[0]}:{CELL[1]}"),
                                 "-map", "[v]")
    every = [word for i in range(9) for word in ("-map", f"{i}:v")]
    commands = {}
    for name, path in context.ffmpegs.items():
        commands[f"decode, {name}"] = ffmpeg_command(path, *inputs(clips), *every, "-f", "null", "-")
        commands[f"encode, {name}"] = ffmpeg_command(path, "-i", picture, *X264, "-f", "null", "-")
    figures = interleaved(commands, context.runs, context.note)
    section.measured(figures)
    for name in context.ffmpegs:
        parts = [figures[f"{what}, {name}"] for what in ("decode", "encode")]
        section.notes.append(f"{name}: {sum(f.cpu for f in parts):.1f} CPU s together")
    if context.sluice:
        own = run(context.sluice_command(*grid_words(clips), *SLUICE_X264, output=context.path("floor.mp4")))
        section.notes.append(f"sluice's whole grid: {own.cpu:.1f} CPU s")
    return section
