#!/usr/bin/env python3
"""Makes the sources that the cases name, in the folder given: small, lossless, a second long or a little more."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SIZE, RATE = "320x180", "24"


def waves(size=SIZE, rate=RATE, a=9, b=11, phase=0):
    """Smooth, and unlike itself from frame to frame."""
    luma = "128+80*sin(X/%d+N/3+%g)*cos(Y/%d-N/5)" % (a, phase, b)
    return "nullsrc=s=%s:r=%s,geq=lum='%s':cb='128+60*sin(X/23+N/4+%g)':cr='128+60*cos(Y/19+N/6)'" % (size, rate, luma, phase)


def tags(matrix="bt709", range_="tv", primaries=None, transfer=None):
    return "setparams=color_primaries=%s:color_trc=%s:colorspace=%s:range=%s" % (
        primaries or matrix, transfer or matrix, matrix, range_)


def marks(matrix="bt709", range_="tv"):
    return ["-color_primaries", matrix, "-color_trc", matrix, "-colorspace", matrix, "-color_range", range_]


X264 = ["-c:v", "libx264", "-qp", "0", "-bf", "2", "-preset", "ultrafast", "-threads", "1"]
FFV1 = ["-c:v", "ffv1"]


def clip(graph, format_="yuv420p", encoder=X264, filters="", matrix="bt709", range_="tv", seconds="1"):
    chain = ",".join(filter(None, [filters, "format=" + format_, tags(matrix, range_)]))
    return ["-f", "lavfi", "-i", graph, "-t", seconds, "-vf", chain] + marks(matrix, range_) + encoder


def still(graph, format_, *more):
    return ["-f", "lavfi", "-i", graph + ",format=" + format_, "-frames:v", "1", *more]


# A soft disc, half transparent at its rim, over colours that change.
DISC = "a='clip(500-(hypot(X-%d,Y-%d)*%g),0,255)'"
COLORS = "r='128+100*sin(X/17+N/3)':g='128+100*cos(Y/13)':b='128+90*sin((X+Y)/21-N/4)'"


def disc(size, x, y, slope):
    return "nullsrc=s=%s:r=24,format=rgba,geq=%s:%s" % (size, COLORS, DISC % (x, y, slope))


MEDIA = {
    "waves.mp4": clip(waves()),
    "other.mp4": clip(waves(a=14, b=8, phase=2)),
    "sharp.mp4": clip("testsrc2=s=320x180:r=24"),
    "large.mp4": clip(waves("640x360", a=17, b=23), seconds="0.5"),
    "odd.mkv": clip(waves("319x179"), encoder=FFV1, seconds="0.25"),
    "square.mp4": clip(waves("180x180"), seconds="0.7"),
    "thirty.mp4": clip(waves(rate="30"), seconds="0.6"),
    "film.mp4": clip(waves(rate="24000/1001")),
    "fast.mp4": clip(waves(rate="60000/1001"), seconds="0.5"),
    "ticks.ts": clip(waves(rate="30000/1001"), encoder=X264 + ["-f", "mpegts"], seconds="0.7"),
    "vfr.mkv": clip(waves(rate="30"), filters="select='not(eq(mod(n,5),2))*not(eq(mod(n,7),3))'", encoder=["-vsync", "vfr"] + X264),
    "vfr.mp4": clip(waves(rate="30"), filters="select='not(eq(mod(n,5),2))*not(eq(mod(n,7),3))'", encoder=["-vsync", "vfr"] + X264),
    "bt601.mkv": clip(waves(), matrix="smpte170m", encoder=FFV1, seconds="0.25"),
    "full.mkv": clip(waves(), range_="pc", encoder=FFV1, seconds="0.25"),
    "p422.mkv": clip(waves(), format_="yuv422p", encoder=FFV1, seconds="0.25"),
    "p444.mkv": clip(waves(), format_="yuv444p", encoder=FFV1, seconds="0.25"),
    "p10.mkv": clip(waves(), format_="yuv420p10le", encoder=FFV1, seconds="0.25"),
    "rgb.mkv": ["-f", "lavfi", "-i", waves(), "-t", "0.25", "-vf", "format=gbrp", "-c:v", "libx264rgb", "-qp", "0", "-threads", "1"],
    "untagged.mkv": ["-f", "lavfi", "-i", waves(), "-t", "0.25", "-vf", "format=yuv420p"] + FFV1,
    "wide-pixels.mp4": clip(waves(), filters="setsar=4/3", seconds="0.25"),
    "interlaced.mp4": clip(waves(rate="48"), filters="interlace=scan=tff:lowpass=off",
                           encoder=X264 + ["-flags", "+ildct+ilme", "-x264opts", "tff=1"], seconds="0.7"),
    "alpha.mov": ["-f", "lavfi", "-i", disc("320x180", 160, 90, 5), "-t", "0.6", "-vf", "format=argb", "-c:v", "qtrle"],
    "alpha420.mkv": ["-f", "lavfi", "-i", disc("320x180", 150, 80, 5), "-t", "0.6", "-vf",
                     "scale=out_color_matrix=bt709,format=yuva420p," + tags()] + marks() + FFV1,
    "alpha4444.mov": ["-f", "lavfi", "-i", disc("320x180", 170, 95, 5), "-t", "0.6", "-vf",
                      "scale=out_color_matrix=bt709,format=yuva444p10le," + tags()] + marks() + ["-c:v", "prores_ks", "-profile:v", "4444"],
    "alpha.webm": ["-f", "lavfi", "-i", disc("320x180", 160, 90, 5), "-t", "0.6", "-vf",
                   "scale=out_color_matrix=bt709,format=yuva420p," + tags()] + marks() + ["-c:v", "libvpx-vp9", "-lossless", "1"],
    "disc.png": still(disc("200x160", 100, 80, 7), "rgba"),
    "still.png": still(waves("640x360", a=17, b=23), "rgb24"),
    "still.jpg": still(waves("640x360", a=17, b=23), "yuvj420p", "-q:v", "1"),
    "gray.png": still(waves("320x180"), "gray"),
}

COPIES = {
    "turned90.mp4": ("waves.mp4", "90"), "turned180.mp4": ("waves.mp4", "180"), "turned270.mp4": ("waves.mp4", "270"),
}


def ffmpeg(words):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y"] + words, check=True, stdin=subprocess.DEVNULL)


def cube(path, size=9):
    """A look that bends all three channels and mixes them."""
    with open(path, "w") as file:
        file.write("LUT_3D_SIZE %d\n" % size)
        for index in range(size**3):
            r, g, b = (index // size**i % size / (size - 1) for i in range(3))
            file.write("%.6f %.6f %.6f\n" % (0.9 * r**1.3 + 0.05 * g, g**0.8, 0.8 * b + 0.15 * r * g))


def make(folder):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda item: ffmpeg(item[1] + [os.path.join(folder, item[0])]), MEDIA.items()))
    for name, (source, turn) in COPIES.items():
        source = os.path.join(folder, source)
        ffmpeg(["-i", source, "-c", "copy", "-metadata:s:v:0", "rotate=" + turn, os.path.join(folder, name)])
    for number in range(8):
        words = still(waves(phase=number), "rgb24")
        ffmpeg(words + [os.path.join(folder, "number%03d.png" % (number + 3))])
    cube(os.path.join(folder, "look.cube"))


if __name__ == "__main__":
    make(sys.argv[1])
