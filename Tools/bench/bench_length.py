"""Memory and pools do not depend on the length of an export."""
from context import read_stats
from measure import run
from report import Check, Section, equals

SHORT, LONG = 450, 4500


def length(context):
    section = Section(f"Length: {SHORT} and {LONG} frames of 1080p with a second clip laid over, libx264 ultrafast")
    section.header = ["", "wall s", "fps", "peak PSS MB", "slots", "peak in use", "buffers created", "leaked"]
    if not context.sluice:
        return section
    clips = context.media.clips()
    base = context.media.joined("base150.mp4", clips[:1], 15)
    inset = context.media.joined("inset150.mp4", clips[1:2], 15)
    project = context.write_project("length.json", {
        "canvas": {"width": 1920, "height": 1080, "fps": 30},
        "sources": {"base": base, "inset": inset},
        "tracks": [
            {"kind": "video", "clips": [{"source": "base", "at": 0, "duration": f"{LONG}f"}]},
            {"kind": "video", "clips": [{"source": "inset", "at": 0, "duration": f"{LONG}f",
                                         "place": {"x": 1240, "y": 40, "width": 640, "height": 360}}]},
        ],
    })
    found = {}
    for frames in (SHORT, LONG):
        context.note(f"{frames} frames")
        stats = context.path(f"length-{frames}.json")
        done = run(context.sluice_command("render", project, "--to", f"{frames}f", "--codec", "libx264", "--preset", "ultrafast",
                                          output=context.path(f"length-{frames}.mp4"), stats=stats))
        numbers = read_stats(stats)
        found[frames] = (done, numbers)
        slots = numbers["slots"]
        section.rows.append([f"{frames} frames", f"{done.wall:.1f}", f"{frames / done.wall:.1f}", f"{done.memory / 1e6:.1f}",
                             str(slots["total"]), str(slots["peakInUse"]), str(numbers["buffersCreated"]), str(slots["leaked"])])
    (short, first), (long, second) = found[SHORT], found[LONG]
    change = long.memory / short.memory - 1
    section.checks = [
        Check("peak memory of the long one against the short one", f"{change:+.1%}", "within 2 %", abs(change) <= 0.02),
        Check("peak memory", f"{max(short.memory, long.memory) / 1e6:.0f} MB", "under 500 MB", max(short.memory, long.memory) < 500e6),
        equals("slots in the long one", second["slots"]["total"], first["slots"]["total"]),
        equals("buffers created in the long one", second["buffersCreated"], first["buffersCreated"]),
        equals("slots leaked", first["slots"]["leaked"] + second["slots"]["leaked"], 0),
    ]
    for numbers in (first, second):
        share = numbers["supervisorCPUSeconds"] / numbers["cpuSeconds"]
        section.checks.append(Check(f"supervisor's part of the CPU time, {numbers['frames']} frames", f"{share:.2%}", "under 2 %",
                                    share < 0.02))
    return section
