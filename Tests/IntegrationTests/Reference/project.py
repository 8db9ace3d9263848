"""Project files (plain JSON) as objects with every default filled in."""

import json
import os
from fractions import Fraction

import color
import keyframes
from fitting import Rect
from timing import number, time


def rgba(text):
    parts = [int(text[i : i + 2], 16) / 255 for i in range(1, len(text), 2)]
    return tuple(parts) if len(parts) == 4 else tuple(parts) + (1.0,)


class Canvas:
    def __init__(self):
        self.width, self.height, self.rate = 1920, 1080, Fraction(30)
        self.background, self.depth = (0.0, 0.0, 0.0, 1.0), 8
        self.color = color.CANVAS["bt709"]

    def read(self, canvas):
        self.width, self.height = canvas.get("width", self.width), canvas.get("height", self.height)
        self.rate = number(canvas["fps"]) if "fps" in canvas else self.rate
        self.depth = canvas.get("depth", self.depth)
        if "background" in canvas:
            self.background = rgba(canvas["background"])
        if "color" in canvas or "range" in canvas:
            base = color.CANVAS[canvas["color"]] if "color" in canvas else self.color
            full = canvas["range"] == "full" if "range" in canvas else self.color.full
            self.color = color.Color(base.matrix, base.primaries, base.transfer, full)

    @property
    def matrix(self):
        return self.color.known_matrix(self.width, self.height)

    @property
    def top(self):
        return 2**self.depth - 1

    @property
    def bounds(self):
        return Rect(Fraction(0), Fraction(0), Fraction(self.width), Fraction(self.height))


class Clip:
    def __init__(self, entry, rate, sources):
        self.source, self.rate = sources[entry["source"]], rate
        self.at, self.start = time(entry.get("at", 0)), time(entry.get("in", 0))
        self.duration = time(entry["duration"]) if "duration" in entry else None
        self.speed = number(entry.get("speed", 1))
        self.beyond, self.blend = entry.get("beyond", "hold"), entry.get("blend", "normal")
        self.enabled, self.effects = entry.get("enabled", True), entry.get("effects", [])
        read = lambda value: keyframes.read(value, rate)
        box = lambda place, names: [read(place[name]) if name in place else None for name in names]
        place, crop = entry.get("place", {}), entry.get("crop")
        self.place = box(place, ("x", "y", "width", "height"))
        self.fit = place.get("fit", "contain")
        self.crop = box({"x": 0, "y": 0, **crop}, ("x", "y", "width", "height")) if crop else None
        self.rotate, self.opacity = read(entry.get("rotate", 0)), read(entry.get("opacity", 1))
        self.transition = entry.get("transition")


class Project:
    def __init__(self, root, folder, outer=None):
        self.canvas = Canvas()
        if outer:
            self.canvas.__dict__.update(outer.__dict__)
            self.canvas.background = (0.0, 0.0, 0.0, 0.0)
        self.canvas.read(root.get("canvas", {}))
        self.folder, self.sources = folder, {}
        for name, source in root.get("sources", {}).items():
            self.sources[name] = self.source(source)
        self.tracks = []
        for track in root["tracks"]:
            if track.get("enabled", True) and track.get("kind", "video") == "video":
                clips = [Clip(c, self.canvas.rate, self.sources) for c in track["clips"]]
                self.tracks.append([clip for clip in clips if clip.enabled])

    def source(self, source):
        path = lambda name: os.path.join(self.folder, name)
        if isinstance(source, str):
            return ("file", path(source))
        if "timeline" in source:
            inner = source["timeline"]
            return ("timeline", Project(inner, self.folder, self.canvas) if isinstance(inner, dict) else load(path(inner)))
        if "grid" in source:
            return ("grid", source["grid"])
        if "sequence" in source:
            return ("sequence", (path(source["sequence"]), source.get("first", 0), number(source.get("fps", self.canvas.rate))))
        if "color" in source and "text" not in source:
            return ("color", rgba(source["color"]))
        if "lavfi" in source:
            return ("lavfi", source["lavfi"])
        raise SystemExit("the reference draws no source like %r" % (source,))


def load(path):
    with open(path) as file:
        return Project(json.load(file), os.path.dirname(os.path.abspath(path)))
