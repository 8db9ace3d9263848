"""What every bench gets: the programs to compare, the media, the number of runs, a scratch folder."""
import json
import os
import subprocess
from dataclasses import dataclass

X264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23"]
SLUICE_X264 = ["--codec", "libx264", "--preset", "veryfast", "--crf", "23"]


@dataclass
class Context:
    sluice: str        # path, or None to measure the others alone
    ffmpegs: dict      # name with version -> path; Debian's first
    media: object
    runs: int
    positions: int     # of the frame bench, per file
    scratch: str
    note: object       # told what happens now

    @property
    def ffmpeg(self):
        return next(iter(self.ffmpegs.values()))

    def path(self, name):
        return os.path.join(self.scratch, name)

    def write_project(self, name, project):
        with open(self.path(name), "w", encoding="utf-8") as f:
            json.dump(project, f)
        return self.path(name)

    def sluice_command(self, *words, output, stats=None):
        command = [self.sluice, *words, "-o", output, "-y", "--no-audio", "--no-cache", "--progress", "none"]
        return command + (["--stats", stats] if stats else [])


# Every role at one priority: on a machine that others use, a part of a run at nice 10 would wait for them.
EVEN = {role: {"nice": 0} for role in ("decoder", "renderer", "encoder", "audio")}


def ffmpeg_command(program, *words):
    return [program, "-nostdin", "-v", "error", "-y", *map(str, words)]


def read_stats(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def frame_count(path):
    found = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets",
                            "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path],
                           check=True, capture_output=True, text=True)
    return int(found.stdout.strip().strip(","))
