import Foundation
import FrameModel
import SluiceBase
import Testing

@Suite struct SoundTests {
  static let wave = Wave(frames: 3 * 8192 + 1237)

  @Test(arguments: [
    ("pcm_s16le", "wav"), ("pcm_s24le", "wav"), ("pcm_f32le", "wav"), ("flac", "flac"), ("flac", "matroska"), ("flac", "mp4"),
    ("flac", "oga"), ("alac", "ipod"), ("pcm_s16be", "aiff"), ("pcm_s16le", "w64"), ("pcm_s24le", "mov"), ("pcm_s16le", "nut"),
    ("pcm_s16le", "matroska"), ("pcm_s16le", "avi"), ("pcm_s16le", "caf"), ("wavpack", "matroska"),
    ("aac", "ipod"), ("aac", "mp4"), ("aac", "mov"), ("aac", "matroska"), ("aac", "adts"), ("aac", "mpegts"), ("aac", "nut"),
    ("aac", "flv"),
    ("libopus", "opus"), ("libopus", "oga"), ("libopus", "matroska"), ("libopus", "webm"), ("libopus", "mp4"),
    ("libopus", "mpegts"),
    ("libmp3lame", "mp3"), ("libmp3lame", "mp4"), ("libmp3lame", "matroska"), ("libmp3lame", "avi"), ("libmp3lame", "nut"),
    ("libvorbis", "oga"), ("libvorbis", "webm"), ("ac3", "ac3"), ("ac3", "mpegts"), ("ac3", "matroska"), ("mp2", "mpeg"),
  ])
  func explore(codec: String, format: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    do {
      try encodeSound(soundSettings(codec, format, wave: Self.wave), Self.wave, to: path)
      let got = try decodeSound(path)
      let f = try probeStream(path, "a:0", "start_time,duration,initial_padding,duration_ts,time_base")
      print(
        "EXP", codec, format, "count", got.count / 2 - Self.wave.frames, "click", peak(got) - Self.wave.click, "exact",
        got == Self.wave.samples, f)
    } catch { print("EXP", codec, format, error) }
  }
}
