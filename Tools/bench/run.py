#!/usr/bin/env python3
"""Measures Sluice beside other programs on the same machine, in the same run, and keeps the tables in docs/benchmarks.md.

    Tools/bench/run.py [NAME...]      all benches, or those named

Set SLUICE_MEDIA to a folder with video/ and images/ for natural clips. Exits 1 when a target was missed.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

from bench_attach import attach, startup
from bench_blend import dissolve, layers
from bench_cutlist import cutlist
from bench_filter import filters
from bench_frame import frame
from bench_grid import floor, grid, quality
from bench_handoff import handoff
from bench_length import length
from bench_photos import photos
from bench_recovery import recovery
from bench_reexport import reexport
from bench_relay import lastframe, relay
from bench_scroll import scroll
from bench_sound import audio, mix
from context import Context
from media import Media
from measure import CommandFailed
from report import keep, machine

BENCHES = {b.__name__: b for b in (
    grid, quality, floor, cutlist, photos, scroll, dissolve, layers, length, frame, handoff, recovery, reexport,
    attach, startup, relay, lastframe, filters, mix, audio)}
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--sluice", default=os.path.join(ROOT, ".build/release/sluice"))
    parser.add_argument("--peers-only", action="store_true", help="measure the other programs alone")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, in turn (3)")
    parser.add_argument("--positions", type=int, default=200, help="positions of the frame bench, per file (200)")
    parser.add_argument("--media-cache", default=os.path.join(ROOT, ".build/bench-media"))
    parser.add_argument("--keep", default=os.path.join(ROOT, "docs/benchmarks.md"), help="file that keeps the tables; '' for none")
    options = parser.parse_args()
    for name in options.names:
        if name not in BENCHES:
            parser.error(f"no bench named '{name}'; there are {', '.join(BENCHES)}")
    if not options.peers_only and not os.access(options.sluice, os.X_OK):
        parser.error(f"{options.sluice} is not there; run 'make build' or give --sluice or --peers-only")
    return options


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return ""


def ffmpegs():
    """Debian's, and the newest static one where the package imageio-ffmpeg is installed."""
    programs = ["ffmpeg"]
    try:
        import imageio_ffmpeg
        programs.append(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        print("imageio-ffmpeg is not installed: Debian's ffmpeg only", file=sys.stderr)
    found = {}
    for program in programs:
        version = re.match(r"ffmpeg version n?(\d[\d.]*)", first_line(program, "-version"))
        if not version:
            sys.exit(f"{program} does not run")
        found[f"ffmpeg {version.group(1)}"] = program
    return found


def main():
    options = arguments()

    def note(text):
        print(f"  … {text}", file=sys.stderr, flush=True)

    found = ffmpegs()
    media = Media(options.media_cache, note)
    sluice = None if options.peers_only else os.path.abspath(options.sluice)
    versions = ([first_line(sluice, "--version")] if sluice else []) + list(found)
    about = f"{machine()}; {', '.join(versions)}; {media.describe()}, medians of {options.runs}"
    print(about)
    missed = 0
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as scratch:
        context = Context(sluice, found, media, options.runs, options.positions, scratch, note)
        for name in options.names or BENCHES:
            try:
                section = BENCHES[name](context)
            except (CommandFailed, subprocess.CalledProcessError, KeyError, RuntimeError) as error:
                print(f"\n{name} failed: {type(error).__name__}: {error}")
                missed += 1
                continue
            print("\n" + section.text(), flush=True)
            missed += sum(not check.passed for check in section.checks)
            if options.keep and sluice:
                keep(options.keep, name, section, about)
    print(f"\n{missed} targets missed" if missed else "\nevery target met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
