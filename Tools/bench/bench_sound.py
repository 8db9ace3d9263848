"""Sound: a mix of ten tracks beside ffmpeg's own filters, and the engine in real time."""
import json
import math
import os
import subprocess

import numpy
from context import ffmpeg_command
from measure import interleaved
from report import Check, Section

TRACKS = 10
SECONDS = int(os.environ.get("SLUICE_MIX_SECONDS", 3600))
RATE = 48000


def tracks(context):
    """Ten files of an hour, each other noise and another tone: a minute of them again and again."""
    files = []
    for i in range(TRACKS):
        minute = context.media.make(
            f"sound-minute-{i}.m4a", "-f", "lavfi", "-i",
            f"anoisesrc=d=60:c=pink:r={RATE}:a=0.2:seed={i}[a];[a]aformat=channel_layouts=mono[b];"
            f"sine=f={200 + 70 * i}:r={RATE}:d=60[c];[b][c]join=inputs=2:channel_layout=stereo", "-c:a", "aac", "-b:a", "128k")
        files.append(context.media.make(
            f"sound-{SECONDS}-{i}.m4a", "-stream_loop", str(SECONDS // 60 - 1), "-i", minute, "-c", "copy"))
    return files


def effects(i):
    return {"frequency": 200 + 300 * i, "Q": 1, "gain": 3}


def project(context, files):
    return context.write_project("mix.json", {
        "canvas": {"width": 320, "height": 180, "fps": 25},
        "sources": {f"s{i}": path for i, path in enumerate(files)},
        "tracks": [{"kind": "audio", "clips": [{
            "source": f"s{i}", "at": i / 10, "duration": SECONDS - i / 10, "gain": -20,
            "effects": [{"biquad": {"type": "peaking", **effects(i)}}]}]} for i in range(len(files))]})


def ffmpeg_graph(count):
    chains = "".join(
        f"[{i}:a]volume=-20dB,equalizer=f={e['frequency']}:t=q:w={e['Q']}:g={e['gain']},"
        f"adelay={100 * i}:all=1[a{i}];" for i in range(count) for e in [effects(i)])
    return chains + "".join(f"[a{i}]" for i in range(count)) + \
        f"amix=inputs={count}:normalize=0,atrim=end_sample={SECONDS * RATE}[out]"


def difference(one, other):
    """Largest difference of two float files in dBFS."""
    largest, size = 0.0, 1 << 22
    with open(one, "rb") as a, open(other, "rb") as b:
        while True:
            x, y = numpy.frombuffer(a.read(size), "<f4"), numpy.frombuffer(b.read(size), "<f4")
            if len(x) != len(y):
                return math.inf
            if not len(x):
                break
            largest = max(largest, float(numpy.abs(x - y).max()))
    return 20 * math.log10(largest) if largest else -math.inf


def raw(context, path, name):
    out = context.path(name)
    subprocess.run(ffmpeg_command(context.ffmpeg, "-i", path, "-c:a", "pcm_f32le", "-f", "f32le", out), check=True)
    return out


def mix(context):
    section = Section(f"A mix of {TRACKS} tracks of {SECONDS // 60} minutes, each with gain, peaking filter and offset (stereo, AAC in, float WAV out)")
    context.note("media of the mix")
    files = tracks(context)
    commands, outputs = {}, {}
    for name, program in context.ffmpegs.items():
        outputs[name] = context.path(name.replace(" ", "-") + ".wav")
        inputs = [word for path in files for word in ("-i", path)]
        commands[name] = ffmpeg_command(
            program, *inputs, "-filter_complex", ffmpeg_graph(len(files)), "-map", "[out]", "-c:a", "pcm_f32le", outputs[name])
    if context.sluice:
        outputs["sluice"] = context.path("sluice.wav")
        commands["sluice"] = [context.sluice, "render", project(context, files), "-o", outputs["sluice"], "-y", "--no-cache",
                              "--progress", "none", "--audio-codec", "pcm_f32le"]
    figures = interleaved(commands, context.runs, context.note)
    first = next(iter(context.ffmpegs))
    section.measured(figures, first)
    if context.sluice:
        decibels = difference(raw(context, outputs["sluice"], "a.f32"), raw(context, outputs[first], "b.f32"))
        ratio = min(figures[name].wall for name in context.ffmpegs) / figures["sluice"].wall
        section.checks = [
            Check("faster than ffmpeg", f"{ratio:.2f} times", "2 times at least", ratio >= 2),
            Check("largest difference", f"{decibels:.1f} dBFS", "below -90 dBFS", decibels < -90)]
    return section


def audio(context):
    section = Section("The audio engine in real time: 64 tracks of source, biquad, gain, panner and delay, 60 s")
    section.header = ["", "load", "peak", "under-runs", "allocations a quantum", "MB", "s of sound / CPU s"]
    if not context.sluice:
        return section
    context.note("sluice bench audio")
    done = subprocess.run([context.sluice, "bench", "audio", "--json"], check=True, capture_output=True, text=True)
    r = json.loads(done.stdout)
    section.rows.append([
        "sluice", f"{r['averageLoad']:.3f}", f"{r['peakLoad']:.3f}", str(r["underrunEvents"]),
        str(r["allocationsAfterFirstSecond"]), f"{r['peakResidentBytes'] / 1e6:.0f}", f"{r['secondsPerCPUSecond']:.1f}"])
    section.checks = [
        Check("processing load", f"{r['averageLoad']:.3f}", "under 0.5", r["averageLoad"] < 0.5),
        Check("under-runs", str(r["underrunEvents"]), "0", r["underrunEvents"] == 0),
        Check("allocations after the first second", str(r["allocationsAfterFirstSecond"]), "0", r["allocationsAfterFirstSecond"] == 0),
        Check("memory", f"{r['peakResidentBytes'] / 1e6:.0f} MB", "under 100 MB", r["peakResidentBytes"] < 100e6)]
    return section
