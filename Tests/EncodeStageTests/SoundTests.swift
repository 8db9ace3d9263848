import EncodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing

/// Sound without pictures: every sample in its place, in every container that can say where that is.
@Suite struct SoundTests {
  static let wave = Wave(frames: 3 * 8192 + 1237)

  @Test(arguments: [
    ("pcm_s16le", "wav"), ("pcm_s24le", "wav"), ("pcm_f32le", "wav"), ("flac", "flac"), ("flac", "matroska"), ("flac", "mp4"),
    ("flac", "oga"), ("alac", "ipod"), ("pcm_s16be", "aiff"), ("pcm_s24le", "mov"), ("pcm_s16le", "nut"), ("pcm_s24le", "nut"),
    ("pcm_s16le", "matroska"), ("pcm_s24le", "matroska"), ("pcm_s16le", "avi"), ("pcm_s16le", "caf"),
  ])
  func losslessCodecsGiveEverySampleBack(codec: String, format: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    let bytes = try encodeSound(soundSettings(codec, format, wave: Self.wave), Self.wave, to: path)
    #expect(bytes == UInt64(try Data(contentsOf: URL(fileURLWithPath: path)).count))
    #expect(try decodeSound(path) == Self.wave.samples)
    let start = try probeStream(path, "a:0", "start_time")["start_time"]
    #expect(start == "0.000000" || start == "N/A", "\(start ?? "")")
  }

  /// `lead`: sample frames before the first that a reader hears, because the container cannot say that they are to be dropped.
  /// `tail`: at most so many behind the last one.
  @Test(arguments: [
    ("libopus", "opus", 0, 0), ("libopus", "oga", 0, 0), ("libopus", "matroska", 0, 0), ("libopus", "webm", 0, 0),
    ("libopus", "mp4", 0, 960), ("libmp3lame", "mp3", 0, 0), ("libmp3lame", "mp4", 0, 1152),
    ("libmp3lame", "matroska", 1105, 0), ("aac", "ipod", 0, 1023), ("aac", "mp4", 0, 1023), ("aac", "mov", 0, 1023),
    ("aac", "matroska", 1024, 0), ("aac", "adts", 1024, 1023), ("aac", "mpegts", 1024, 1023), ("aac", "nut", 1024, 1023),
    ("libmp3lame", "avi", 1105, 1151), ("libvorbis", "webm", 0, 1023), ("ac3", "ac3", 256, 1535),
  ])
  func theClickOfALossyCodecIsInItsPlace(codec: String, format: String, lead: Int, tail: Int) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    try encodeSound(soundSettings(codec, format, wave: Self.wave), Self.wave, to: path)
    let samples = try decodeSound(path)
    #expect((lead...lead + tail).contains(samples.count / 2 - Self.wave.frames), "\(samples.count / 2) sample frames")
    #expect(abs(peak(samples) - lead - Self.wave.click) <= 1, "the click is at \(peak(samples))")
    if ["mp4", "mov", "ipod"].contains(format) {
      // Their edit lists and last durations say exactly what is heard, though ffmpeg 5 gives out the last packet whole.
      let fields = try probeStream(path, "a:0", "start_time,duration_ts,time_base")
      #expect(fields["start_time"] == "0.000000")
      #expect(fields["duration_ts"] == "\(Self.wave.frames)" && fields["time_base"] == "1/48000")
    }
  }

  /// What ffmpeg 5 drops at the end of Ogg Vorbis, sox does not.
  @Test func oggVorbisHasTheLengthOfTheSound() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a.ogg"
    try encodeSound(soundSettings("libvorbis", "oga", wave: Self.wave), Self.wave, to: path)
    let raw = try run("sox", [path, "-t", "raw", "-e", "signed", "-b", "16", "-"])
    #expect(raw.count == Self.wave.frames * 4)
  }

  @Test(arguments: [1, 2, 6], ["flac", "pcm_s24le", "aac", "libopus"])
  func channelsStayInTheirOrder(channels: Int, codec: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    // A click in each channel, 1,000 sample frames after the one before.
    var wave = Wave(frames: 20000, channels: channels, click: -1, noise: false)
    wave.clicks = (0..<channels).map { 3000 + 1000 * $0 }
    try encodeSound(soundSettings(codec, "matroska", wave: wave), wave, to: path)
    let samples = try decodeSound(path, channels: channels)
    let lead = codec == "aac" ? 1024 : 0
    for channel in 0..<channels where !(channel == 3 && codec != "flac") {  // a low-frequency channel has no sharp click
      let own = stride(from: channel, to: samples.count, by: channels).map { samples[$0] }
      #expect(abs(peak(own, channels: 1) - lead - 3000 - 1000 * channel) <= 1, "channel \(channel)")
    }
    guard codec != "pcm_s24le" else { return }  // of which Matroska has only the number of channels
    let name = ["mono", "stereo", "", "", "", "5.1"][channels - 1]
    #expect(try probeStream(path, "a:0", "channel_layout")["channel_layout"]?.hasPrefix(name) == true)
  }

  @Test(arguments: [
    (1, "pcm_s16le", "wav"), (8191, "flac", "flac"), (8192, "libopus", "opus"), (8193, "libmp3lame", "mp3"),
    (16384, "flac", "flac"),
    (5000, "libopus", "webm"), (100, "libmp3lame", "mp3"), (4608, "flac", "matroska"),
  ])
  func everyLengthIsKept(frames: Int, codec: String, format: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    let wave = Wave(frames: frames)
    try encodeSound(soundSettings(codec, format, wave: wave), wave, to: path)
    #expect(try decodeSound(path).count == frames * 2)
  }

  @Test func twoRunsMakeTheSameBytes() throws {
    let folder = TemporaryFolder()
    let kinds = [
      ("aac", "ipod"), ("libopus", "opus"), ("libopus", "matroska"), ("libmp3lame", "mp3"), ("libvorbis", "oga"),
      ("flac", "flac"),
      ("pcm_s24le", "wav"), ("ac3", "ac3"), ("pcm_s16be", "aiff"), ("aac", "adts"),
    ]
    for run in 0..<2 {
      for (codec, format) in kinds {
        try encodeSound(soundSettings(codec, format, wave: Self.wave), Self.wave, to: folder.path + "/\(codec)-\(format)-\(run)")
      }
      if run == 0 { Thread.sleep(forTimeInterval: 1.1) }  // a date in a file would differ
    }
    for (codec, format) in kinds {
      let files = try (0..<2).map { try Data(contentsOf: URL(fileURLWithPath: folder.path + "/\(codec)-\(format)-\($0)")) }
      #expect(files[0] == files[1], "\(codec) in \(format)")
    }
  }

  @Test func aWAVGoesIntoAPipeWithALengthThatNobodyKnows() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a.wav"
    let file = openNew(path)
    let pipe = Pipe()
    let copy = Thread {  // what a reader does
      let data = pipe.fileHandleForReading.readDataToEndOfFile()
      try? data.write(to: URL(fileURLWithPath: path + ".piped"))
    }
    copy.start()
    let output = try SoundOutput(
      settings: soundSettings("pcm_s16le", "wav", wave: Self.wave), fd: pipe.fileHandleForWriting.fileDescriptor)
    for number in 0..<Self.wave.blocks {
      let slot = FakeSoundSlot(Self.wave, number: number)
      try output.encode(slot.block, in: slot.readable)
    }
    _ = try output.finish()
    try pipe.fileHandleForWriting.close()
    while !copy.isFinished { usleep(1000) }
    _ = file
    let data = try Data(contentsOf: URL(fileURLWithPath: path + ".piped"))
    #expect(data[4..<8] == Data([0xff, 0xff, 0xff, 0xff]))
    #expect(try decodeSound(path + ".piped") == Self.wave.samples)
  }

  @Test func blocksOutOfOrderOrOfOtherShapeAreAFault() throws {
    let folder = TemporaryFolder()
    let fd = openNew(folder.path + "/a")
    let output = try SoundOutput(settings: soundSettings("flac", "flac", wave: Self.wave), fd: fd.raw)
    let first = FakeSoundSlot(Self.wave, number: 0), second = FakeSoundSlot(Self.wave, number: 1)
    let mono = FakeSoundSlot(Wave(frames: 8192, channels: 1), number: 0)
    #expect(failure { try output.encode(second.block, in: second.readable) }?.code == .software)
    #expect(failure { try output.encode(mono.block, in: mono.readable) }?.code == .software)
    try output.encode(first.block, in: first.readable)
    #expect(failure { try output.encode(first.block, in: first.readable) }?.code == .software)
    let last = FakeSoundSlot(Wave(frames: 8192 + 100), number: 1), behind = FakeSoundSlot(Self.wave, number: 2)
    try output.encode(last.block, in: last.readable)
    // A short block is the last one.
    #expect(failure { try output.encode(behind.block, in: behind.readable) }?.code == .software)
  }
}
