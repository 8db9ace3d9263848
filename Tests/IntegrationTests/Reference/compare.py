#!/usr/bin/env python3
"""Compares frames that Sluice drew with those that the project file asks for, drawn here a second time.

`compare.py JOBS`: a file with lines of JSON {"name": …, "project": PATH, "frames": PATH of raw planar frames, "from": the first
one's number, "to": the last one's and one}. Writes one line for each: the worst values over all frames of the largest difference and of the PSNR, by plane,
and where they are."""

import json
import math
import sys

import numpy as np

import project
from sources import Library
from timeline import Timelines


def read(path, canvas):
    """All frames as lists of planes."""
    data = np.fromfile(path, np.uint8 if canvas.depth == 8 else "<u2")
    luma = canvas.width * canvas.height
    frames = data.reshape(-1, luma * 3 // 2)
    shape = (canvas.height // 2, canvas.width // 2)
    cut = luma + luma // 4
    return [
        [f[:luma].reshape(canvas.height, canvas.width), f[luma:cut].reshape(shape), f[cut:].reshape(shape)] for f in frames
    ]


def psnr(difference, top):
    error = float(np.mean(difference**2))
    return 200.0 if error == 0 else 10 * math.log10(top * top / error)


def compare(job, library):
    edit = project.load(job["project"])
    timelines = Timelines(library, edit.canvas.rate)
    count = timelines.frame_count(edit)
    first = job.get("from", 0)
    count = min(count, job.get("to") or count)
    frames = read(job["frames"], edit.canvas)
    worst = {"name": job["name"], "frames": len(frames), "expected": count - first, "max": 0, "psnr": 200.0, "planes": []}
    for plane in range(3):
        worst["planes"].append({"max": 0, "psnr": 200.0, "mean": 0.0, "frame": 0})
    for n in range(min(len(frames), count - first)):
        drawn = timelines.frame(edit, first + n)
        for plane, found in enumerate(worst["planes"]):
            ideal = np.clip(np.floor(drawn.planes[plane] + 0.5), 0, edit.canvas.top)
            difference = frames[n][plane].astype(float) - ideal
            largest, ratio = int(np.abs(difference).max()), psnr(difference, edit.canvas.top)
            if largest > found["max"]:
                at = np.unravel_index(np.abs(difference).argmax(), difference.shape)
                found.update(max=largest, frame=n, x=int(at[1]), y=int(at[0]), want=int(ideal[at]), got=int(frames[n][plane][at]))
            found["psnr"] = round(min(found["psnr"], ratio), 2)
            if abs(difference.mean()) > abs(found["mean"]):
                found["mean"] = round(float(difference.mean()), 4)
    worst["max"] = max(p["max"] for p in worst["planes"])
    worst["psnr"] = min(p["psnr"] for p in worst["planes"])
    return worst


def main():
    library = Library()
    with open(sys.argv[1]) as jobs:
        for line in jobs:
            print(json.dumps(compare(json.loads(line), library)), flush=True)


if __name__ == "__main__":
    main()
