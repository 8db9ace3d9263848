import FrameModel
import Testing

@Suite struct RepeatableEffectTests {
  @Test(arguments: [
    "gblur=sigma=4", "gblur=sigma=4,eq=contrast=1.2", "testsrc2=s=64x64:r=25", "life=s=64x64:seed=7",
    "cellauto=random_seed=3:s=9x9",
    "[in]split[a][b];[a]hflip[c];[b][c]hstack", "tmix=frames=3", "noise=alls=6:allf=t:all_seed=5", "curves=preset=vintage",
    "color=c=red:s=64x64", "mandelbrot=s=64x64",
  ])
  func depend(onlyOnTheirText text: String) { #expect(EffectTraits.isRepeatable(filters: text)) }

  @Test(arguments: [
    "", "movie=a.mp4", "amovie=a.mp4", "lut3d=a.cube", "lut3d=file=a.cube", "curves=psfile=/a.acv", "life=s=64x64",
    "life=seed=-1",
    "cellauto=filename=/a", "cellauto=filename=/a:seed=1", "gradients=s=64x64", "drawtext=text=a", "random=5", "subtitles=a.srt",
    "setpts=RTCTIME", "setpts='(RTCTIME - RTCSTART)'", "gblur=sigma=4,movie=b.mp4[x]", "rotate=a='time(0)'", "nosuchfilter=1",
    "frei0r=distort0r", "select='gt(random(0),0.5)'", "removelogo=a.png", "zmq", "testsrc2,lut1d=/a", "nullsrc",
  ])
  func mayDiffer(fromRunToRun text: String) { #expect(!EffectTraits.isRepeatable(filters: text)) }
}
