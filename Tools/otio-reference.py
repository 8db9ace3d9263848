#!/usr/bin/env python3
"""What the reference library (opentimelineio on PyPI) says of timelines, for the tests of Sources/Timeline/OpenTimelineIO.

otio-reference.py FOLDER [FILE...]   writes varied timelines into FOLDER, then prints a line of JSON for each of them and
                                     for each FILE: its length, and where in it every clip of a video track is visible.
"""
import json
import os
import random
import sys

import opentimelineio as otio
from opentimelineio import schema
from opentimelineio.opentime import RationalTime, TimeRange


def time(value, rate=24):
    return RationalTime(value, rate)


def span(start, duration, rate=24):
    return TimeRange(time(start, rate), time(duration, rate))


# -- making timelines -------------------------------------------------------------------------------------------------


class Maker:
    def __init__(self, folder):
        self.folder = folder
        self.paths = []

    def timeline(self, name, *tracks, start=None, source_range=None):
        timeline = schema.Timeline(name, global_start_time=start)
        timeline.tracks.extend(tracks)
        timeline.tracks.source_range = source_range
        path = os.path.join(self.folder, name + ".otio")
        otio.adapters.write_to_file(timeline, path)
        self.paths.append(path)


def clip(name, start, duration, rate=24, available=(0, 100000), effects=(), enabled=True):
    available = None if available is None else span(*available, *((rate,) if len(available) == 2 else ()))
    reference = schema.ExternalReference(f"media/{name}.mov", available)
    made = schema.Clip(name, reference, span(start, duration, rate), effects=list(effects))
    made.enabled = enabled
    return made


def gap(duration, rate=24):
    return schema.Gap(source_range=span(0, duration, rate))


def dissolve(before, after, rate=24, kind="SMPTE_Dissolve"):
    return schema.Transition(transition_type=kind, in_offset=time(before, rate), out_offset=time(after, rate))


def track(*children, name="V", kind="Video", source_range=None, enabled=True):
    made = schema.Track(name, list(children), source_range, kind)
    made.enabled = enabled
    return made


def stack(name, *children, source_range=None, effects=()):
    return schema.Stack(name, list(children), source_range, effects=list(effects))


def warp(scalar):
    return schema.LinearTimeWarp(time_scalar=scalar)


def random_track(rng, number, depth, rate):
    children = []
    length = 0
    for index in range(rng.randint(1, 7)):
        name = f"c{number}.{index}"
        duration = rng.randint(12, 90)
        choice = rng.random()
        if choice < 0.2:
            children.append(gap(duration, rate))
        elif choice < 0.35 and depth > 0:
            inner = [random_track(rng, f"{number}.{index}.{i}", depth - 1, rate) for i in range(rng.randint(1, 3))]
            nested = stack("s" + name, *inner)
            if rng.random() < 0.7:
                nested.source_range = span(rng.randint(0, 10), rng.randint(12, 60), rate)
            children.append(nested)
        else:
            first = rng.randint(0, 500)
            effects = [warp(rng.choice([2.0, 0.5, -1.0, 1.25]))] if rng.random() < 0.2 else []
            start = rng.choice([0, 86400])
            children.append(clip(name, start + 200 + first, duration, rate, (start, 100000), effects, enabled=rng.random() < 0.9))
        if rng.random() < 0.35:
            children.append(dissolve(rng.randint(0, 5), rng.randint(1, 5), rate))
    if isinstance(children[-1], schema.Transition):
        children.pop()
    made = track(*children, name=f"t{number}")
    made.enabled = rng.random() < 0.9
    return made


def make(folder):
    m = Maker(folder)
    m.timeline("cuts", track(clip("a", 10, 50), clip("b", 0, 25), clip("c", 100, 1)))
    m.timeline("gaps", track(gap(12), clip("a", 10, 50), gap(30), clip("b", 0, 25), gap(7)))
    m.timeline("only gaps", track(gap(60)), track(gap(24)))
    m.timeline("timecode", track(clip("a", 86410, 50, available=(86400, 200)), clip("b", 90010, 25, available=(90000, 200))))
    m.timeline("dissolves", track(clip("a", 10, 50), dissolve(5, 7), clip("b", 20, 25), dissolve(0, 12), clip("c", 30, 40),
                                  dissolve(12, 0), clip("d", 50, 40)))
    m.timeline("fades", track(gap(20), dissolve(6, 6), clip("a", 10, 50), dissolve(8, 4), gap(30), clip("b", 20, 30)))
    m.timeline("touching fade", track(clip("a", 10, 50), gap(6), dissolve(6, 6), clip("b", 20, 30)))
    m.timeline("ends", track(dissolve(5, 3), clip("a", 10, 20), clip("b", 0, 20), dissolve(4, 6)))
    m.timeline("ends of no length", track(dissolve(0, 3), clip("a", 10, 20), clip("b", 0, 20), dissolve(4, 0)))
    m.timeline("no handle", track(clip("a", 0, 50), dissolve(6, 6), clip("b", 2, 30)))
    m.timeline("nested", track(clip("a", 0, 24), stack("s", track(clip("b", 5, 48), clip("c", 6, 48)), track(gap(12), clip("d", 7, 12))),
                               clip("e", 8, 12)))
    m.timeline("nested and cut", track(clip("a", 0, 24), stack("s", track(clip("b", 5, 48), clip("c", 6, 48)), source_range=span(24, 36)),
                                       clip("e", 8, 12)))
    m.timeline("nested before its start", track(clip("a", 0, 24), stack("s", track(clip("b", 5, 48)), source_range=span(-12, 36)), clip("e", 8, 12)))
    m.timeline("nested track", track(clip("a", 0, 24), track(clip("b", 5, 48), gap(6), clip("c", 6, 48), source_range=span(30, 40))))
    m.timeline("clips in a stack", track(stack("s", clip("a", 5, 48), clip("b", 6, 24), gap(60))))
    m.timeline("deep", track(stack("1", track(clip("a", 1, 10), stack("2", track(clip("b", 2, 10), stack("3", track(
        clip("c", 3, 10), stack("4", track(clip("d", 4, 30)), source_range=span(5, 20))), source_range=span(4, 22))))))))
    m.timeline("warps", track(clip("a", 100, 24, effects=[warp(2.0)]), clip("b", 100, 24, effects=[warp(0.5)]),
                              clip("c", 100, 24, effects=[warp(-1.0)]), clip("d", 100, 24, effects=[warp(-2.5)]),
                              clip("e", 100, 24, effects=[schema.FreezeFrame()]), clip("f", 100, 24, effects=[warp(0.0)]),
                              clip("g", 100, 24, effects=[warp(24.784 / 29)]), clip("h", 100, 24, effects=[warp(2.0), warp(2.0)])))
    m.timeline("warps and dissolves", track(clip("a", 100, 24, effects=[warp(2.0)]), dissolve(4, 4), clip("b", 100, 24, effects=[warp(3.0)]),
                                            dissolve(4, 4), clip("c", 100, 24, effects=[warp(-1.0)])))
    m.timeline("warped stack", track(clip("a", 1, 10), stack("s", track(clip("b", 5, 48)), source_range=span(6, 12), effects=[warp(2.0)])))
    m.timeline("ntsc", track(clip("a", 10, 50, 24000 / 1001), clip("b", 11, 51, 24000 / 1001), dissolve(5, 6, 24000 / 1001), clip("c", 12, 52, 24000 / 1001)))
    m.timeline("29.97", track(*[clip(f"c{i}", i, 31 + i, 29.97) for i in range(40)]))
    m.timeline("59.94", track(clip("a", 10, 50, 60000 / 1001), gap(7, 60000 / 1001), clip("b", 11, 51, 60000 / 1001)))
    m.timeline("25", track(clip("a", 10, 50, 25), clip("b", 11, 51, 25)))
    m.timeline("mixed rates", track(clip("a", 10, 240, 30), clip("b", 24, 48, 24), gap(15, 15), clip("c", 3, 75, 25), clip("d", 4, 60, 30)))
    m.timeline("fractions of frames", track(clip("a", 10.25, 50.5), clip("b", 0.1, 25.5), clip("c", 81.99999999999999, 10.000000000000002)))
    m.timeline("sound", track(clip("a", 10, 50)), track(clip("s", 4800, 480000, 48000), name="A", kind="Audio"))
    m.timeline("disabled", track(clip("a", 1, 20), clip("b", 2, 20, enabled=False), dissolve(5, 5), clip("c", 30, 20)),
               track(clip("d", 1, 70), enabled=False))
    m.timeline("cut track", track(clip("a", 10, 50), clip("b", 20, 25), clip("c", 30, 40), source_range=span(30, 60)))
    m.timeline("cut dissolve", track(clip("a", 10, 50), dissolve(5, 5), clip("b", 20, 25), source_range=span(48, 20)))
    m.timeline("late track", track(clip("a", 10, 50)), track(clip("b", 20, 9), source_range=span(-7, 16)))
    m.timeline("track with a timecode", track(clip("a", 10, 50), clip("b", 10, 50), source_range=span(86400, 100)))
    m.timeline("cut timeline", track(clip("a", 10, 50), clip("b", 20, 25)), track(clip("c", 30, 60)), source_range=span(12, 48))
    m.timeline("start", track(clip("a", 86410, 50, 30, available=(86400, 500))), start=time(108000, 30))
    plain = schema.Clip("whole", schema.ExternalReference("media/whole.mov", span(100, 33)))
    both = schema.Clip("both", source_range=span(110, 20))
    both.set_media_references({"proxy": schema.ExternalReference("media/proxy.mov", span(0, 500)),
                               "full": schema.ExternalReference("media/full.mov", span(100, 500))}, "full")
    m.timeline("references", track(plain, both, schema.Clip("missing", schema.MissingReference(), span(5, 6)), clip("none", 7, 8, available=None)))
    pictures = schema.ImageSequenceReference("media/", "p.", ".png", 1001, 1, 24, 4, available_range=span(0, 100))
    m.timeline("pictures", track(schema.Clip("pictures", pictures, span(10, 40))))
    bars = schema.GeneratorReference("bars", "SMPTEBars", span(0, 100))
    m.timeline("generators", track(schema.Clip("bars", bars, span(10, 40)), clip("a", 1, 2)))
    marked = clip("a", 10, 50)
    marked.markers.append(schema.Marker("m", span(12, 1)))
    marked.effects.append(schema.Effect("blur", "Blur"))
    m.timeline("markers", track(marked))
    for seed in range(12):
        rng = random.Random(seed)
        rate = rng.choice([24, 25, 30, 24000 / 1001, 30000 / 1001])
        m.timeline(f"random {seed}", *[random_track(rng, i, 2, rate) for i in range(rng.randint(1, 4))])
    return m.paths


# -- describing them --------------------------------------------------------------------------------------------------


def seconds(value):
    return value.value / value.rate


def speed_of(item):
    speed = 1.0
    for effect in item.effects:
        if isinstance(effect, schema.FreezeFrame):
            speed = 0.0
        elif isinstance(effect, schema.LinearTimeWarp):
            speed *= effect.time_scalar
    return speed


def trimmed(item):
    """Seconds of its own time that an item shows. A source_range outside of all that is in there is a timecode."""
    if isinstance(item, schema.Clip) or item.source_range is None:
        whole = item.trimmed_range()
        return seconds(whole.start_time), seconds(whole.duration)
    start, length = seconds(item.source_range.start_time), seconds(item.source_range.duration)
    extent = seconds(item.available_range().duration)
    if isinstance(item, otio.core.Composition) and extent > 0 and (start >= extent or start + length <= 0):
        start = 0.0
    return start, length


def visible(item):
    """Whether fading goes to it, and not into it."""
    if isinstance(item, schema.Clip):
        return item.enabled
    return isinstance(item, otio.core.Composition) and item.enabled and any(visible(c) for c in tracks_of(item))


def tracks_of(item):
    for child in item:
        if isinstance(child, schema.Track) and child.kind == "Audio":
            continue
        if isinstance(child, otio.core.Item):
            yield child


def walk(item, at, window, out):
    """Leaves of `item`, whose own time 0 is at `at` of the output; only `window` of the output is visible."""
    children = list(item)
    for index, child in enumerate(children):
        if not isinstance(child, otio.core.Item) or isinstance(child, schema.Gap) or not child.enabled:
            continue
        if isinstance(child, schema.Track) and child.kind == "Audio" and isinstance(item, schema.Stack):
            continue
        head = tail = 0.0
        if isinstance(item, schema.Track):
            first = at + seconds(item.range_of_child_at_index(index).start_time)
            before = children[index - 1] if index else None
            after = children[index + 1] if index + 1 < len(children) else None
            if isinstance(before, schema.Transition):
                head = seconds(before.in_offset) if index > 1 else 0.0
            if isinstance(after, schema.Transition):
                beyond = children[index + 2] if index + 2 < len(children) else None
                tail = 0.0 if beyond is not None and visible(beyond) else seconds(after.out_offset)
        else:
            first = at
        start, length = trimmed(child)
        speed = speed_of(child)
        shown = max(first - head, window[0]), min(first + length + tail, window[1])
        if isinstance(child, otio.core.Composition) and speed == 1:
            walk(child, first - start, shown, out)
            continue
        if shown[0] >= shown[1] or not visible(child):
            continue
        timed = True
        if isinstance(child, schema.Clip):
            reference = child.media_reference
            timed = isinstance(reference, (schema.ExternalReference, schema.ImageSequenceReference))
            if timed and reference.available_range is not None:
                start -= seconds(reference.available_range.start_time)
        out.append({
            "name": child.name, "at": shown[0], "end": shown[1], "speed": speed, "length": length,
            "start": start + (shown[0] - first) * speed if timed else None,
        })


def describe(path):
    timeline = otio.adapters.read_from_file(path)
    duration = timeline.duration()
    clips = []
    start, length = trimmed(timeline.tracks)
    walk(timeline.tracks, -start, (0.0, length), clips)
    return {"path": path, "duration": seconds(duration), "clips": clips}


def main():
    for path in make(sys.argv[1]) + sys.argv[2:]:
        print(json.dumps(describe(path)))


if __name__ == "__main__":
    main()
