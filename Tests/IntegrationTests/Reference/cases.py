#!/usr/bin/env python3
"""The table of cases: projects whose every frame is compared. `cases.py GROUP MEDIA OUT` writes the group's project files, and
a line of JSON for each (to GROUP.jobs too, as compare.py reads them).

A case is a name, what the frames may differ by, and tracks (lists of clips, the first at the bottom). A limit is EXACT (no sample by
more than one code value) or a PSNR in dB that every plane of every frame has. A source that is not declared is a file of media.py."""

import json
import os
import sys

EXACT = None
# Scaled, turned, between pixels.
FINE = 45


def clip(source, frames=4, **more):
    entry = {"source": source, "duration": "%df" % frames}
    entry.update({key.rstrip("_"): value for key, value in more.items()})
    return entry


def box(x=0, y=0, width=None, height=None, fit="contain"):
    place = {"x": x, "y": y, "fit": fit}
    if width is not None:
        place.update(width=width, height=height)
    return place


def keys(*pairs):
    """(second, value) or (second, value, ease)."""
    return {"keys": [{"t": p[0], "v": p[1], **({"ease": p[2]} if len(p) > 2 else {})} for p in pairs]}


def crop(x, y, width, height):
    return {"x": x, "y": y, "width": width, "height": height}


def case(name, limit, *tracks, **more):
    return {"name": name, "limit": limit, "tracks": list(tracks), **more}


OTHER = [clip("other.mp4")]
GRAY = {"gray": {"color": "#808080"}, "red": {"color": "#e0203080"}, "green": {"color": "#20c060"}}
BLENDS = ("add", "multiply", "screen", "overlay", "darken", "lighten", "difference")


def over(*clips):
    return [OTHER, list(clips)]


PLACING = [
    case("the picture alone", EXACT, [clip("waves.mp4")]),
    case("at even pixels", EXACT, *over(clip("waves.mp4", place=box(64, 36, 320, 180, "none")))),
    case("at odd pixels", EXACT, *over(clip("square.mp4", place=box(35, 0, 180, 180)))),
    case("beyond the edges", EXACT, *over(clip("waves.mp4", place=box(-100, 90, 320, 180)))),
    case("beyond all edges", EXACT, [clip("large.mp4", place=box(-160, -90, 640, 360))]),
    case("not in the picture at all", EXACT, *over(clip("waves.mp4", place=box(400, 0, 320, 180)))),
    case("larger than its box", EXACT, *over(clip("large.mp4", place=box(100, 50, 100, 60, "none")))),
    case("smaller than its box", EXACT, *over(clip("square.mp4", place=box(0, 0, 320, 180, "none")))),
    case("cropped", EXACT, *over(clip("large.mp4", crop=crop(200, 100, 160, 90), place=box(20, 30, 160, 90)))),
    case("cropped at its corner", EXACT, *over(clip("large.mp4", crop=crop(480, 270, 160, 90), place=box(160, 90, 160, 90)))),
    case("half there", EXACT, *over(clip("waves.mp4", opacity=0.5))),
    case("three over each other, none opaque", EXACT, OTHER, [clip("waves.mp4", opacity=0.7)], [clip("sharp.mp4", opacity=0.35)]),
    case("colours", EXACT, OTHER, [clip("gray", place=box(20, 20, 100, 100))], [clip("red", place=box(60, 40, 200, 80))],
         [clip("green", opacity=0.25)], sources=GRAY),
    case("a colour at odd pixels", EXACT, OTHER, [clip("green", place=box(33, 21, 101, 77))], sources=GRAY),
    case("a background", EXACT, [clip("square.mp4", place=box(0, 0, 180, 180))], canvas={"background": "#8040c0"}),
    case("a hidden track and a hidden clip", EXACT, OTHER, {"enabled": False, "clips": [clip("waves.mp4")]},
         [clip("waves.mp4", enabled=False)]),
    case("not there, nothing changes", EXACT, *over(clip("waves.mp4", opacity=0)), zero=True),
    case("a hundred opaque layers", EXACT, *[[clip("waves.mp4", 1)] for _ in range(99)], [clip("sharp.mp4", 1)], zero=True),
    case("a hundred layers a corner each", EXACT, OTHER,
         *[[clip("waves.mp4", 1, place=box(2 * i, i // 2 * 2, 320, 180))] for i in range(99)]),
    case("twenty layers at a half", EXACT, *[[clip(s, 1, opacity=0.5)] for s in ("waves.mp4", "sharp.mp4", "other.mp4", "waves.mp4") * 5]),
]

SCALING = [
    case("half its size", FINE, *over(clip("waves.mp4", place=box(0, 0, 160, 90)))),
    case("a third, at an odd place", FINE, *over(clip("large.mp4", place=box(51, 33, 213, 120, "stretch")))),
    case("twice its size", FINE, *over(clip("waves.mp4", place=box(-160, -90, 640, 360)))),
    case("contained", FINE, *over(clip("square.mp4", place=box(0, 0, 320, 100)))),
    case("covering", FINE, *over(clip("square.mp4", place=box(40, 30, 200, 100, "cover")))),
    case("stretched", FINE, *over(clip("square.mp4", place=box(10, 10, 300, 60, "stretch")))),
    case("cropped and enlarged", FINE, *over(clip("waves.mp4", crop=crop(101, 51, 120, 68), place=box(0, 0, 320, 180)))),
    case("cropped between pixels", FINE, *over(clip("large.mp4", crop=crop(100.5, 50.25, 320, 180)))),
    case("scaled and half there", FINE, *over(clip("large.mp4", opacity=0.5))),
    case("a still", FINE, [clip("still.png")]),
    case("a still in a corner", FINE, *over(clip("still.png", place=box(100, 60, 120, 70, "cover")))),
    case("a JPEG", FINE, [clip("still.jpg")]),
    case("a sequence of pictures", FINE, [clip("seq", 16)],
         sources={"seq": {"sequence": "@/number%03d.png", "first": 3, "fps": 12}}),
]

TURNED = [
    case("a quarter", FINE, *over(clip("square.mp4", rotate=90, place=box(70, 0, 180, 180)))),
    case("upside down", FINE, *over(clip("waves.mp4", rotate=180))),
    case("seven degrees", FINE, *over(clip("waves.mp4", rotate=7, place=box(40, 20, 240, 135)))),
    case("against the clock", FINE, *over(clip("waves.mp4", rotate=-33.3))),
    case("scaled down and turned", FINE, *over(clip("large.mp4", rotate=20, place=box(60, 30, 160, 90)))),
    case("turned and half there", FINE, *over(clip("waves.mp4", rotate=45, opacity=0.5, place=box(60, 20, 160, 90)))),
    case("a covering crop turned", FINE, *over(clip("waves.mp4", rotate=15, place=box(100, 40, 100, 100, "cover")))),
    case("a colour turned", FINE, OTHER, [clip("green", rotate=30, place=box(100, 50, 120, 60))], sources=GRAY),
    case("turning", FINE, *over(clip("waves.mp4", 8, rotate=keys((0, 0), ("8f", 90)), place=box(60, 20, 200, 112)))),
    case("with alpha, turned", FINE, *over(clip("disc.png", rotate=25, place=box(60, 10, 200, 160)))),
]

KEYED = [
    case("moving", FINE, *over(clip("square.mp4", 8, place=box(keys((0, 0), ("8f", 40)), keys((0, 0), ("8f", -33)), 180, 180)))),
    case("moving by whole pixels", EXACT, *over(clip("square.mp4", 5, place=box(keys((0, 0), ("4f", 16)), 0, 180, 180)))),
    case("growing", FINE, *over(clip("waves.mp4", 8, place=box(20, 10, keys((0, 80), ("8f", 240)), keys((0, 45), ("8f", 135)))))),
    case("fading", EXACT, *over(clip("waves.mp4", 8, opacity=keys((0, 0), ("7f", 1))))),
    case("eased", EXACT, *over(*[
        clip("waves.mp4", 6, at="%df" % (6 * i), opacity=keys((0, 0.1), ("5f", 0.9, ease)))
        for i, ease in enumerate(("ease-in", "ease-out", "ease-in-out", "hold", [0.2, 0.9, 0.7, 0.1]))])),
    case("three keys", EXACT, *over(clip("waves.mp4", 12, opacity=keys(("2f", 1), ("5f", 0.2, "ease-in"), ("9f", 0.8, "hold"))))),
    case("a crop that moves", FINE, [clip("large.mp4", 8, crop={"x": keys((0, 0), ("8f", 320)), "y": 40, "width": 320, "height": 180})]),
    case("zooming in", FINE, [clip("large.mp4", 8, crop={"x": keys((0, 0), ("8f", 160)), "y": keys((0, 0), ("8f", 90)),
                                                        "width": keys((0, 640), ("8f", 320)), "height": keys((0, 360), ("8f", 180))})]),
    case("covering a box that narrows", FINE, *over(clip("waves.mp4", 8, place=box(40, 0, keys((0, 240), ("8f", 60)), 180, "cover")))),
    case("not fitted, in a box that narrows", FINE, *over(clip("waves.mp4", 8, place=box(40, 20, keys((0, 240), ("8f", 61)), 140, "none")))),
]

BLENDED = [case("blend " + mode, EXACT, *over(clip("waves.mp4", blend=mode))) for mode in BLENDS]
BLENDED += [
    case("multiply, half there", EXACT, *over(clip("waves.mp4", blend="multiply", opacity=0.5))),
    case("screen in a box", EXACT, *over(clip("waves.mp4", blend="screen", place=box(-60, 40, 320, 180)))),
    case("overlay at odd pixels", EXACT, OTHER, [clip("green", blend="overlay", place=box(33, 21, 101, 77))], sources=GRAY),
    case("difference scaled", FINE, *over(clip("large.mp4", blend="difference", place=box(20, 20, 200, 112)))),
    case("difference with alpha", EXACT, *over(clip("alpha.mov", blend="difference"))),
    case("add turned", FINE, *over(clip("waves.mp4", blend="add", rotate=30, opacity=0.6))),
    case("colours blended", EXACT, OTHER, [clip("red", blend="add")], [clip("green", blend="darken", opacity=0.3)], sources=GRAY),
]

ALPHA = [
    case("QuickTime Animation", EXACT, *over(clip("alpha.mov"))),
    case("4:2:0 with alpha", EXACT, *over(clip("alpha420.mkv"))),
    case("ProRes 4444", EXACT, *over(clip("alpha4444.mov"))),
    case("VP9 with alpha", EXACT, *over(clip("alpha.webm"))),
    case("a PNG placed", EXACT, *over(clip("disc.png", place=box(60, 10, 200, 160)))),
    case("a PNG at odd pixels", EXACT, *over(clip("disc.png", place=box(61, 11, 200, 160)))),
    case("a PNG scaled", FINE, *over(clip("disc.png", place=box(20, 20, 130, 104)))),
    case("half there", EXACT, *over(clip("alpha.mov", opacity=0.5))),
    case("over the edge", EXACT, *over(clip("alpha.mov", place=box(-120, -60, 320, 180)))),
    case("cropped", EXACT, *over(clip("alpha.mov", crop=crop(100, 40, 120, 90), place=box(0, 0, 120, 90)))),
]

PAIR = [clip("waves.mp4", 6)]


def pair(transition, **more):
    return [[clip("other.mp4", 6), clip("waves.mp4", 8, at="6f", transition={"duration": "5f", **transition}, **more)]]


TRANSITIONS = [
    case("dissolve", EXACT, *pair({"kind": "dissolve"})),
    case("dissolve of pictures that leave something open", EXACT, [clip("sharp.mp4", 14)],
         [clip("square.mp4", 6, place=box(0, 0, 180, 180)),
          clip("waves.mp4", 8, at="6f", place=box(100, 40, 320, 180), transition={"kind": "dissolve", "duration": "5f"})]),
    # The chroma of what is mixed by itself is laid over what is below with its own weights once more.
    case("dissolve with alpha", FINE, [clip("sharp.mp4", 14)],
         [clip("disc.png", 6, place=box(20, 10, 200, 160)),
          clip("alpha.mov", 8, at="6f", transition={"kind": "dissolve", "duration": "5f"})]),
    case("dissolve out of nothing", EXACT, [clip("other.mp4", 8)],
         [clip("waves.mp4", 6, at="2f", transition={"kind": "dissolve", "duration": "4f"})]),
    case("fade through black", EXACT, *pair({"kind": "fade"})),
    case("fade through a colour, with alpha", EXACT, [clip("sharp.mp4", 14)],
         [clip("other.mp4", 6), clip("alpha.mov", 8, at="6f", transition={"kind": "fade", "duration": "6f", "color": "#ff8000"})]),
    *[case("wipe " + way, EXACT, *pair({"kind": "wipe", "direction": way})) for way in ("left", "right", "up", "down")],
    *[case("slide " + way, FINE, *pair({"kind": "slide", "direction": way})) for way in ("left", "up")],
    *[case("push " + way, FINE, *pair({"kind": "push", "direction": way})) for way in ("right", "down")],
    case("slide between pixels", FINE, [clip("other.mp4", 6), clip("waves.mp4", 8, at="6f", transition={
        "kind": "slide", "direction": "right", "duration": "7f"})]),
    case("push by whole pixels", EXACT, [clip("other.mp4", 6), clip("waves.mp4", 8, at="6f", transition={
        "kind": "push", "direction": "left", "duration": "4f"})]),
    case("the clip before plays on, and holds where its media ends", EXACT,
         [clip("other.mp4", 6, in_="20f"), clip("waves.mp4", 8, at="6f", transition={"kind": "dissolve", "duration": "5f"})],
         says="its last picture is held"),
    case("dissolve of a blended clip", EXACT, [clip("sharp.mp4", 14)],
         [clip("other.mp4", 6), clip("waves.mp4", 8, at="6f", blend="screen", transition={"kind": "dissolve", "duration": "5f"})]),
    case("wipe over a part", EXACT, [clip("sharp.mp4", 14)],
         [clip("square.mp4", 6, place=box(0, 0, 180, 180)),
          clip("waves.mp4", 8, at="6f", place=box(100, 40, 320, 180), transition={"kind": "wipe", "duration": "5f", "direction": "right"})]),
]

TIMES = [
    case("from the middle", EXACT, [clip("waves.mp4", 8, in_="10f")]),
    case("in a rate of its own", EXACT, [clip("thirty.mp4", 12)]),
    case("23.976 at 24", EXACT, [clip("film.mp4", 12, in_="8f")]),
    case("59.94 at 29.97", EXACT, [clip("fast.mp4", 12)], canvas={"fps": "30000/1001"}),
    case("90 kHz", EXACT, [clip("ticks.ts", 16)], canvas={"fps": "30000/1001"}),
    case("changing rates, in milliseconds", EXACT, [clip("vfr.mkv", 20, in_=0.1)], canvas={"fps": 30}),
    case("changing rates", EXACT, [clip("vfr.mp4", 20)], canvas={"fps": 24}),
    case("twice as fast", EXACT, [clip("waves.mp4", 10, speed=2)]),
    case("a third as fast", EXACT, [clip("waves.mp4", 10, speed="1/3", in_="5f")]),
    case("backwards", EXACT, [clip("waves.mp4", 12, speed=-1, in_="20f")]),
    case("backwards from the end", EXACT, [clip("waves.mp4", 12, speed=-1)]),
    case("backwards and faster", EXACT, [clip("vfr.mp4", 10, speed="-3/2", in_=0.9)]),
    case("standing", EXACT, [clip("waves.mp4", 6, speed=0, in_="7f")]),
    case("held", EXACT, [clip("waves.mp4", 8, in_="20f")], says="its last picture is held"),
    case("held at the start", EXACT, [clip("waves.mp4", 8, in_="4f", speed=-1)]),
    case("cut", EXACT, [clip("other.mp4", 10)], [clip("waves.mp4", 8, in_="20f", beyond="cut")], says="it is cut there"),
    case("again", EXACT, [clip("waves.mp4", 40, in_="20f", beyond="loop", speed=2)]),
    case("again, backwards", EXACT, [clip("waves.mp4", 40, in_="4f", beyond="loop", speed=-2)]),
    case("a part of the timeline", EXACT, [clip("waves.mp4", 6), clip("other.mp4", 10, at="6f", opacity=0.5)],
         options=["--from", "4f", "--to", "9f"], from_=4, to=9),
    case("keys while a part is drawn", EXACT, OTHER, [clip("waves.mp4", 12, at="2f", opacity=keys((0, 0), ("10f", 1)))],
         options=["--from", "5f"], from_=5),
]


def inner(*tracks, **more):
    return {"timeline": {"tracks": [{"clips": t} for t in tracks], **more}}


SMALL = {"canvas": {"width": 160, "height": 90, "fps": 24, "background": "#203040"}}
NESTED = [
    case("as it is", EXACT, [clip("n")], sources={"n": inner(OTHER, [clip("waves.mp4", place=box(40, 20, 320, 180), opacity=0.5)])}),
    case("on its own canvas in a box", FINE, *over(clip("n", place=box(40, 20, 200, 112))),
         sources={"n": inner([clip("waves.mp4", place=box(20, 10, 120, 60))], **SMALL)}),
    case("half there", FINE, *over(clip("n", opacity=0.5)),
         sources={"n": inner([clip("waves.mp4", place=box(20, 10, 280, 160))], [clip("sharp.mp4", place=box(100, 50, 320, 180))])}),
    case("blend modes stay inside", EXACT, *over(clip("n")),
         sources={"n": inner([clip("sharp.mp4", place=box(0, 0, 320, 90, "none"))], [clip("waves.mp4", blend="multiply")])}),
    case("blended as a whole", EXACT, *over(clip("n", blend="screen")),
         sources={"n": inner([clip("waves.mp4", place=box(40, 20, 320, 180))])}),
    case("turned as a whole", FINE, *over(clip("n", rotate=20)),
         sources={"n": inner([clip("waves.mp4", place=box(40, 20, 200, 112))], [clip("green", place=box(200, 100, 80, 60))],
                  sources={"green": {"color": "#20c060"}})}),
    case("faster, from its middle", EXACT, [clip("n", 6, in_="4f", speed=2)],
         sources={"n": inner([clip("waves.mp4", 10), clip("other.mp4", 10, at="10f")])}),
    case("backwards", EXACT, [clip("n", 16, speed=-1, in_="18f")],
         sources={"n": inner([clip("waves.mp4", 10), clip("other.mp4", 10, at="10f")])}),
    case("its transition goes over its own canvas", FINE, *over(clip("n", 12, place=box(40, 20, 200, 112))),
         sources={"n": inner([clip("waves.mp4", 6), clip("sharp.mp4", 6, at="6f", transition={"kind": "push", "duration": "4f"})])}),
    case("keys inside, while it moves", FINE, *over(clip("n", 8, place=box(keys((0, 0), ("8f", 50)), 20, 200, 112))),
         sources={"n": inner([clip("waves.mp4", 8, place=box(0, keys((0, 0), ("8f", 60)), 160, 90))])}),
    case("open and scaled", FINE, *over(clip("n", place=box(40, 20, 200, 112), opacity=0.8)),
         sources={"n": inner([clip("waves.mp4", place=box(40, 20, 200, 112))])}),
    case("three deep", EXACT, *over(clip("a")), sources={"a": {"timeline": {
        "sources": {"b": inner([clip("waves.mp4", place=box(20, 10, 320, 180))])}, "tracks": [{"clips": [clip("b", opacity=0.5)]}]}}}),
    case("dissolving into a timeline", EXACT, [clip("other.mp4", 6),
         clip("n", 8, at="6f", transition={"kind": "dissolve", "duration": "5f"})],
         sources={"n": inner([clip("waves.mp4", 8, place=box(40, 20, 320, 180))])}),
]

TILES = ["waves.mp4", "square.mp4", "other.mp4", "still.png", "sharp.mp4"]
SCROLL = {"direction": "up", "speed": 37}


def grid(**more):
    return {"sources": {"g": {"grid": {"sources": TILES, "background": "#102030", **more}}}}


GRIDS = [
    case("two columns", FINE, [clip("g")], **grid(columns=2)),
    case("gap and padding", FINE, [clip("g")], **grid(columns=3, gap=6, padding=10, fit="cover")),
    case("by columns", FINE, [clip("g")], **grid(columns=2, order="columns", gap=3)),
    case("clips that start again", FINE, [clip("g", 5, in_="22f")], **grid(columns=3)),
    case("twice as fast", FINE, [clip("g", 5, speed=2)], **grid(columns=3)),
    case("backwards", FINE, [clip("g", 5, speed=-1, in_="6f")], **grid(columns=3)),
    case("in a box, half there", FINE, *over(clip("g", opacity=0.5, place=box(30, 20, 256, 144))), **grid(columns=2, gap=4)),
    *[case("scrolling " + way, FINE, [clip("g", 10)], **grid(columns=2, gap=4, scroll={"direction": way, "speed": 53.7}))
      for way in ("up", "down", "left", "right")],
    case("by whole pixels", FINE, [clip("g", 10)], **grid(columns=2, visible=2, scroll={"direction": "up", "speed": 48})),
    case("a hundred tiles", FINE, [clip("g", 2)], **grid(columns=10, sources=TILES * 20)),
]

EFFECTS = [
    case("gblur", EXACT, [clip("waves.mp4", effects=[{"avfilter": "gblur=sigma=4"}])]),
    case("a chain, cropped and placed", EXACT, *over(clip("large.mp4", crop=crop(100, 50, 160, 90), place=box(20, 20, 160, 90),
         effects=[{"avfilter": "hflip,eq=contrast=1.3:brightness=0.05"}]))),
    case("two effects", EXACT, [clip("waves.mp4", effects=[{"avfilter": "gblur=2"}, {"avfilter": "negate"}])]),
    case("a filter with a memory", EXACT, [clip("waves.mp4", 6, in_="8f", effects=[{"avfilter": "tmix=frames=3"}])]),
    case("a filter that changes the size", EXACT, *over(clip("waves.mp4", effects=[{"avfilter": "crop=160:90:20:30"}],
         place=box(40, 40, 160, 90)))),
    case("an option that changes", EXACT, [clip("waves.mp4", 6, effects=[
        {"avfilter": "gblur=steps=1", "parameters": {"sigma": keys((0, 1), ("6f", 7)), "sigmaV": keys((0, 1), ("6f", 7))}}])]),
    case("an option of eq that changes", EXACT, [clip("waves.mp4", 6, in_="3f", effects=[
        {"avfilter": "eq=contrast=1.2", "parameters": {"brightness": keys((0, -0.2), ("5f", 0.3, "ease-in"))}}])]),
    case("a look", 42, [clip("rgb.mkv", effects=[{"lut": "@/look.cube"}])]),
]

WIDE = {"canvas": {"depth": 10}}
COLOURS = [
    case("BT.601 on BT.709", FINE, [clip("bt601.mkv")]),
    case("untagged and small is BT.601", FINE, [clip("untagged.mkv")]),
    case("full range", FINE, [clip("full.mkv")]),
    case("on a canvas of full range", FINE, [clip("waves.mp4")], canvas={"range": "full"}),
    case("on a canvas of BT.601", FINE, [clip("waves.mp4")], canvas={"color": "bt601"}),
    case("4:2:2", FINE, [clip("p422.mkv")]),
    case("4:4:4", FINE, [clip("p444.mkv")]),
    case("10 bits on 8", FINE, [clip("p10.mkv")]),
    case("R'G'B'", FINE, [clip("rgb.mkv")]),
    case("gray", FINE, [clip("gray.png")]),
    case("odd sizes", FINE, *over(clip("odd.mkv", place=box(0, 0, 319, 179, "none")))),
    case("odd sizes scaled", FINE, *over(clip("odd.mkv", place=box(20, 20, 200, 120)))),
    *[case("turned by its metadata, " + turn, FINE, *over(clip("turned%s.mp4" % turn))) for turn in ("90", "180", "270")],
    case("turned upside down by its metadata, placed", EXACT, [clip("turned180.mp4")]),
    case("pixels that are not square", FINE, *over(clip("wide-pixels.mp4"))),
    case("interlaced", FINE, [clip("interlaced.mp4", 8, in_="4f", opacity=0.75)]),
    case("a canvas of 10 bits", EXACT, [clip("p10.mkv")], **WIDE),
    case("8 bits on a canvas of 10", EXACT, *over(clip("waves.mp4", opacity=0.3, place=box(20, 20, 320, 180))), **WIDE),
    case("scaled on a canvas of 10 bits", FINE, *over(clip("p10.mkv", place=box(20, 20, 200, 112))), **WIDE),
    case("blended on a canvas of 10 bits", EXACT, *over(clip("waves.mp4", blend="multiply", opacity=0.5)), **WIDE),
    case("alpha on a canvas of 10 bits", EXACT, *over(clip("alpha4444.mov")), **WIDE),
    case("alpha on BT.601", FINE, *over(clip("alpha.mov")), canvas={"color": "bt601"}),
]

GROUPS = {
    "placing": PLACING, "scaling": SCALING, "turned": TURNED, "keyed": KEYED, "blended": BLENDED, "alpha": ALPHA,
    "transitions": TRANSITIONS, "times": TIMES, "nested": NESTED, "grids": GRIDS, "effects": EFFECTS, "colours": COLOURS,
}


def declared(root, sources):
    """Files that clips name without declaring them, in nested timelines and grids too."""
    named = dict(root.get("sources", {}))
    wanted = [c["source"] for t in root.get("tracks", []) for c in t["clips"]]
    for source in named.values():
        if isinstance(source, dict) and "grid" in source:
            wanted += source["grid"]["sources"]
        if isinstance(source, dict) and isinstance(source.get("timeline"), dict):
            source["timeline"] = declared(source["timeline"], sources)
    for name in wanted:
        named.setdefault(name, sources + "/" + name)
    return {**root, "sources": named}


def main(group, media, out):
    lines = []
    for number, entry in enumerate(GROUPS[group]):
        canvas = {"width": 320, "height": 180, "fps": 24, **entry.get("canvas", {})}
        tracks = [track if isinstance(track, dict) else {"clips": track} for track in entry["tracks"]]
        root = declared({"canvas": canvas, "sources": entry.get("sources", {}), "tracks": tracks}, media)
        path = os.path.join(out, "%s-%d.json" % (group, number))
        with open(path, "w") as file:
            file.write(json.dumps(root, indent=1).replace("@/", media + "/"))
        job = {"name": entry["name"], "project": path, "frames": path[:-5] + ".yuv", "options": entry.get("options", [])}
        job.update({"psnr": entry["limit"], "from": entry.get("from_", 0), "to": entry.get("to"), "zero": entry.get("zero", False), "says": entry.get("says", "")})
        lines.append(json.dumps(job) + "\n")
    with open(os.path.join(out, group + ".jobs"), "w") as file:
        file.writelines(lines)
    sys.stdout.writelines(lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
