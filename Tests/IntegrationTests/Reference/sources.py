"""Pictures of sources, decoded by the ffmpeg program to planes of their own format."""

import json
import os
import re
import subprocess
import tempfile
from fractions import Fraction

import numpy as np

from color import NAMES, Color

PACKED = {"rgb24": "RGB", "bgr24": "BGR", "rgba": "RGBA", "bgra": "BGRA", "argb": "ARGB", "abgr": "ABGR"}


def tool(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, check=True, stdin=subprocess.DEVNULL).stdout


class Picture:
    """Upright. Planes of code values; `alpha` 0...1, or None. The picture begins at `origin` of the planes."""

    def __init__(self, family, planes, alpha, shift, depth, color, size, origin=(0, 0)):
        self.family, self.planes, self.alpha, self.shift, self.depth, self.color = family, planes, alpha, shift, depth, color
        self.width, self.height = size
        self.origin = origin


class Format:
    """How a pixel format of FFmpeg lies in memory."""

    def __init__(self, name):
        self.packed = PACKED.get(name)
        self.full, self.shift, self.depth, self.alpha = name.startswith("yuvj"), (0, 0), 8, False
        if self.packed:
            self.family, self.alpha, self.order = "rgb", "A" in self.packed, None
            return
        planar = re.fullmatch(r"(yuv|gbr)(j|a)?(420|422|444|440|411)?p(9|10|12|14|16)?(le)?|gray(10|12|16)?(le)?", name)
        if not planar:
            raise SystemExit("the reference reads no pictures of the format " + name)
        self.family = {"yuv": "yuv", "gbr": "rgb", None: "gray"}[planar[1]]
        self.alpha = planar[2] == "a"
        self.shift = {"420": (1, 1), "422": (1, 0), "440": (0, 1), "411": (2, 0)}.get(planar[3], (0, 0))
        self.depth = int(planar[4] or planar[6] or 8)

    def read(self, data, width, height):
        """All frames: lists of color planes and of alpha."""
        bytes_ = 1 if self.depth == 8 else 2
        samples = np.frombuffer(data, np.uint8 if bytes_ == 1 else "<u2")
        if self.packed:
            whole = samples.reshape(-1, height, width, len(self.packed))
            take = lambda letter: whole[:, :, :, self.packed.index(letter)]
            return [([take(c)[i] for c in "RGB"], take("A")[i] if self.alpha else None) for i in range(len(whole))]
        chroma = (-(-height >> self.shift[1]), -(-width >> self.shift[0]))
        chroma = ((height + (1 << self.shift[1]) - 1) >> self.shift[1], (width + (1 << self.shift[0]) - 1) >> self.shift[0])
        sizes = [(height, width)] + ([chroma, chroma] if self.family != "gray" else []) + ([(height, width)] if self.alpha else [])
        length = sum(h * w for h, w in sizes)
        frames = []
        for frame in samples.reshape(-1, length):
            planes, at = [], 0
            for h, w in sizes:
                planes.append(frame[at : at + h * w].reshape(h, w))
                at += h * w
            alpha = planes.pop() if self.alpha else None
            frames.append((planes if self.family != "rgb" else [planes[2], planes[0], planes[1]], alpha))
        return frames


def turned(plane, mirrored, quarter_turns):
    """Clockwise."""
    return np.rot90(plane[:, ::-1] if mirrored else plane, -quarter_turns)


class Media:
    """A file (or graph) with all its pictures in memory."""

    def __init__(self, words, filters="", still=False):
        self.words, self.filters = list(words), filters
        entries = (
            "stream=width,height,pix_fmt,time_base,color_range,color_space,color_transfer,color_primaries,chroma_location,"
            "sample_aspect_ratio,field_order,codec_name:stream_tags=alpha_mode:stream_side_data=rotation,displaymatrix"
            ":format=start_time,format_name:frame=best_effort_timestamp,pkt_duration"
        )
        probe = json.loads(tool("ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "json", "-show_entries", entries, *words))
        stream = probe["streams"][0]
        self.still = still or probe["format"]["format_name"].endswith("_pipe") or probe["format"]["format_name"] == "image2"
        if stream["codec_name"] == "vp9" and stream.get("tags", {}).get("alpha_mode") == "1":
            self.words = ["-c:v", "libvpx-vp9"] + self.words
            stream["pix_fmt"] = "yuva420p"
        if stream.get("field_order") in ("tt", "bb", "tb", "bt"):
            self.filters = ",".join(filter(None, ["bwdif=mode=send_frame", self.filters]))
        base = Fraction(stream["time_base"])
        self.half = min(base / 2, Fraction(1, 1000))
        start = Fraction(probe["format"].get("start_time", "0"))
        stamps = [f["best_effort_timestamp"] for f in probe["frames"]]
        first = round(start / base)
        self.times = [(stamp - first) * base for stamp in stamps]
        last = int(probe["frames"][-1].get("pkt_duration") or 0) * base
        self.length = None if self.still else self.times[-1] + last
        self.format_name, self.size = stream["pix_fmt"], (stream["width"], stream["height"])
        self.describe(stream)
        self.frames = None

    def describe(self, stream):
        turn = 0
        for data in stream.get("side_data_list", []):
            turn = int(round(-float(data.get("rotation", 0)) / 90)) % 4
        self.turn = turn
        shape = stream.get("sample_aspect_ratio", "1:1").replace(":", "/")
        self.aspect = Fraction(shape) if not shape.startswith("0") else Fraction(1)
        code = lambda key: NAMES.get(stream.get(key, ""), 2)
        siting = {"center": 1, "topleft": 2}.get(stream.get("chroma_location"), 0)
        full = stream.get("color_range") == "pc"
        self.color = Color(code("color_space"), code("color_primaries"), code("color_transfer"), full, siting)
        self.tagged_range = stream.get("color_range")
        w, h = self.size
        self.width, self.height = (h, w) if turn % 2 else (w, h)
        if turn % 2:
            self.aspect = 1 / self.aspect

    def decode(self):
        """Once; sizes after the filters are known then."""
        if self.frames is not None:
            return
        words = ["ffmpeg", "-v", "error", "-noautorotate"] + self.words
        name, size = self.format_name, self.size
        if self.filters:
            # What comes out of the filters says so itself.
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "filtered.nut")
                tool(*words, "-vf", self.filters, "-vsync", "passthrough", "-c:v", "rawvideo", "-f", "nut", path)
                out = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", "stream=width,height,pix_fmt", path]
                stream = json.loads(tool(*out))["streams"][0]
                name, size = stream["pix_fmt"], (stream["width"], stream["height"])
                self.width, self.height = size[::-1] if self.turn % 2 else size
                data = tool("ffmpeg", "-v", "error", "-i", path, "-vsync", "passthrough", "-f", "rawvideo", "-")
        else:
            if name == "pal8":
                name = "rgba"
            data = tool(*words, "-map", "0:v:0", "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", name, "-")
        self.format = Format(name)
        if self.format.family == "gray":
            self.color.full = self.tagged_range != "tv"
        if self.format.full or self.format.family == "rgb":
            self.color.full = True
        self.frames = self.format.read(data, *size)
        self.cache = {}

    def index(self, t):
        """The last picture that began, half a tick before its time."""
        found = 0
        for index, begin in enumerate(self.times):
            if begin - self.half <= t:
                found = index
        return found

    @property
    def has_alpha(self):
        self.decode()
        return self.format.alpha

    def picture(self, t):
        index = 0 if self.still else min(self.index(t), len(self.frames) - 1)
        if index not in self.cache:
            self.cache[index] = self.upright(*self.frames[index])
        return self.cache[index]

    def upright(self, planes, alpha):
        form = self.format
        shift, origin = form.shift, (0, 0)
        height, width = planes[0].shape
        if self.turn:
            # Whole chroma cells, so that their grid stays where it is when an axis is reversed.
            pad = ((0, -height % (1 << shift[1])), (0, -width % (1 << shift[0])))
            planes = [np.pad(p, pad, "edge") if p.shape == (height, width) else p for p in planes]
            alpha = None if alpha is None else np.pad(alpha, pad, "edge")
            reverses_x, reverses_y = self.turn in (1, 2), self.turn in (2, 3)
            extra = (pad[0][1], pad[1][1]) if self.turn % 2 else (pad[1][1], pad[0][1])
            origin = (extra[0] if reverses_x else 0, extra[1] if reverses_y else 0)
            shift = shift[::-1] if self.turn % 2 else shift
            width, height = (height, width) if self.turn % 2 else (width, height)
        ready = lambda plane: turned(plane, False, self.turn).astype(float)
        opacity = None if alpha is None else ready(alpha) / (2**form.depth - 1)
        return Picture(form.family, [ready(p) for p in planes], opacity, shift, form.depth, self.color, (width, height), origin)


class Library:
    """Each source opened once, whatever the number of projects."""

    def __init__(self):
        self.open = {}

    def media(self, source, effects=""):
        kind, what = source
        key = (kind, str(what), effects)
        if key not in self.open:
            if kind == "file":
                self.open[key] = Media(["-i", what], effects)
            elif kind == "sequence":
                words = ["-f", "image2", "-framerate", str(what[2]), "-start_number", str(what[1]), "-i", what[0]]
                self.open[key] = Media(words, effects)
                self.open[key].still = False
                self.open[key].length = len(self.open[key].times) / what[2]
                self.open[key].times = [i / what[2] for i in range(len(self.open[key].times))]
            else:
                self.open[key] = Media(["-f", "lavfi", "-t", "2", "-i", what], effects)
                self.open[key].length = None
            self.open[key].decode()
        return self.open[key]
