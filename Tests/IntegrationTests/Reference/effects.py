"""Effects on the pictures of a source: ffmpeg's own filters, and .cube files."""

import subprocess

import numpy as np

import keyframes
from sources import Format, Picture


def media(library, clip, canvas):
    """The source of a clip, behind its filters."""
    source, chain = clip.source, []
    if source[0] == "color":
        rgb = "".join("%02x" % round(p * 255) for p in source[1])
        graph = "color=c=0x%s:s=%dx%d:r=%s,format=gbrap" % (rgb, canvas.width, canvas.height, canvas.rate)
        source = ("lavfi", graph)
    for effect in clip.effects:
        if "avfilter" in effect and not effect.get("parameters"):
            chain.append(effect["avfilter"])
    return library.media(source, ",".join(chain))


def picture(source, clip, t, clip_time):
    """At second t of the source."""
    found = source.picture(t)
    for effect in clip.effects:
        if "lut" in effect:
            found = through_cube(found, effect["lut"])
        elif effect.get("parameters"):
            found = through_filter(found, effect, clip_time, clip.rate)
    return found


def through_filter(picture, effect, t, rate):
    """A chain of one filter whose options change: the picture goes through a graph of its own."""
    options = ["%s=%.9f" % (name, keyframes.at(keyframes.read(v, rate), t)) for name, v in effect["parameters"].items()]
    chain = effect["avfilter"]
    chain += (":" if "=" in chain else "=") + ":".join(options)
    assert picture.family == "yuv" and picture.shift == (1, 1) and picture.depth == 8
    data = b"".join(p.astype(np.uint8).tobytes() for p in picture.planes)
    size = "%dx%d" % (picture.width, picture.height)
    words = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-i", "-", "-vf", chain]
    run = subprocess.run(words + ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"], input=data, stdout=subprocess.PIPE, check=True)
    planes, _ = Format("yuv420p").read(run.stdout, picture.width, picture.height)[0]
    planes = [p.astype(float) for p in planes]
    return Picture("yuv", planes, None, (1, 1), 8, picture.color, (picture.width, picture.height))


CUBES = {}


def read_cube(path):
    size, rows = 0, []
    for line in open(path):
        words = line.split()
        if words[:1] == ["LUT_3D_SIZE"]:
            size = int(words[1])
        elif len(words) == 3 and not words[0][0].isalpha():
            rows.append([float(w) for w in words])
    # Red changes fastest.
    return np.array(rows).reshape(size, size, size, 3).transpose(2, 1, 0, 3)


def through_cube(picture, path):
    """Interpolated along the tetrahedra of each cell, of R'G'B' pictures."""
    if path not in CUBES:
        CUBES[path] = read_cube(path)
    cube = CUBES[path]
    assert picture.family == "rgb"
    at = np.stack([p / (2**picture.depth - 1) * (len(cube) - 1) for p in picture.planes])
    low = np.minimum(np.floor(at).astype(int), len(cube) - 2)
    part = at - low
    order = np.argsort(-part, axis=0, kind="stable")
    share = np.take_along_axis(part, order, axis=0)
    corner = low.copy()
    out = cube[tuple(corner)] * (1 - share[0])[..., None]
    for step in range(3):
        np.put_along_axis(corner, order[step][None], np.take_along_axis(corner, order[step][None], 0) + 1, 0)
        after = share[step + 1] if step < 2 else 0
        out += cube[tuple(corner)] * (share[step] - after)[..., None]
    planes = [np.clip(out[..., i], 0, 1) * (2**picture.depth - 1) for i in range(3)]
    return Picture("rgb", planes, picture.alpha, (0, 0), picture.depth, picture.color, (picture.width, picture.height))
