import CSluice
import EncodeStage
import Foundation
import FrameModel
import SharedRing
import SystemBase
import Testing

/// Pictures and sound in one file: both begin at 0, one beside the other, whatever came first and whoever joined them.
@Suite struct PicturesAndSoundTests {
  static let frames = 50
  static let wave = Wave(frames: 2 * 48000, click: 48000)

  static func both(
    _ codec: String, _ sound: String, _ format: String, options: [(String, String)] = []
  ) -> OutputSettings {
    var wanted = settings(codec, format, options: options)
    wanted.sound = soundSettings(sound, format, wave: wave).sound
    return wanted
  }

  enum Arrival: CaseIterable { case inTime, picturesFirst, soundFirst }

  static func encode(_ settings: OutputSettings, to path: String, _ arrival: Arrival = .inTime, wave: Wave = wave) throws {
    let fd = openNew(path)
    let output = try VideoOutput(settings: settings, input: .yuv420p, fd: fd.raw)
    var slots: [FakeSlot] = []
    defer { withExtendedLifetime(slots) {} }
    func picture(_ number: Int64) throws {
      let slot = FakeSlot(.yuv420p, settings.width, settings.height, seed: Int(number))
      slots.append(slot)
      try output.encode(slot.readable, description: slot.description, number: number, release: {})
    }
    func block(_ number: Int64) throws {
      let slot = FakeSoundSlot(wave, number: number)
      try output.encode(slot.block, in: slot.readable)
    }
    switch arrival {
    case .inTime:
      var order = DeliveryOrder(
        rate: settings.rate, pictures: Int64(frames), sampleRate: wave.rate, samples: Int64(wave.frames))
      while let next = order.next {
        switch next {
        case .picture(let number): try picture(number)
        case .block(let number): try block(number)
        }
        order.advance()
      }
    case .picturesFirst:
      for number in 0..<Int64(frames) { try picture(number) }
      for number in 0..<wave.blocks { try block(number) }
    case .soundFirst:
      for number in 0..<wave.blocks { try block(number) }
      for number in 0..<Int64(frames) { try picture(number) }
    }
    _ = try output.finish()
  }

  struct Packet {
    var stream: Int
    var dts: Double
  }

  /// In the order of the file.
  static func packets(_ path: String) throws -> [Packet] {
    let data = try run("ffprobe", ["-v", "error", "-show_entries", "packet=stream_index,dts_time", "-of", "csv=p=0", path])
    return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ",")
      guard parts.count >= 2, let stream = Int(parts[0]), let dts = Double(parts[1]) else { return nil }
      return Packet(stream: stream, dts: dts)
    }
  }

  /// Presentation time of the first frame that a decoder gives out.
  static func firstFrame(_ path: String, _ stream: String) throws -> Double {
    let data = try run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", stream, "-read_intervals", "%+#2", "-show_entries", "frame=pts_time", "-of", "csv=p=0",
        path,
      ])
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first ?? ""
    return Double(line.filter { $0 != "," }) ?? .nan
  }

  @Test(arguments: [
    ("libx264", "aac", "mp4"), ("libx264", "libopus", "matroska"), ("libx264", "flac", "matroska"), ("libx264", "aac", "mov"),
    ("libvpx-vp9", "libopus", "webm"), ("rawvideo", "pcm_s16le", "nut"), ("libx264", "pcm_s16le", "mov"),
    ("libx264", "flac", "mp4"),
    ("libx264", "libopus", "mp4"), ("libx264", "libvorbis", "matroska"), ("ffv1", "pcm_s24le", "matroska"),
  ])
  func theFirstPictureAndTheFirstSampleAreShownAtZero(codec: String, sound: String, format: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    try Self.encode(Self.both(codec, sound, format), to: path)
    #expect(try abs(Self.firstFrame(path, "v:0")) < 0.001)
    #expect(try abs(Self.firstFrame(path, "a:0")) < 0.001)
    #expect(try times(path).count == Self.frames)
    let samples = try decodeSound(path)
    #expect(abs(peak(samples) - Self.wave.click) <= 1, "the click is at \(peak(samples))")
    #expect((0...1023).contains(samples.count / 2 - Self.wave.frames))
    // Side by side: no packet lies more than a block of sound, and what the codec of the pictures delays, from its place.
    var latest = -1.0
    for packet in try Self.packets(path) {
      #expect(packet.dts > latest - 0.25, "\(packet) after \(latest)")
      latest = max(latest, packet.dts)
    }
  }

  /// These cannot say what an encoder of sound puts before the first sample: pictures come as much later, so both are in step.
  @Test(arguments: [("aac", "matroska", 1024), ("libmp3lame", "matroska", 1105), ("aac", "mpegts", 1024), ("aac", "flv", 1024)])
  func elsewhereBothBeginLater(sound: String, format: String, priming: Int) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    try Self.encode(Self.both("libx264", sound, format, options: [("bf", "0")]), to: path)
    let picture = try Self.firstFrame(path, "v:0"), sample = try Self.firstFrame(path, "a:0") + Double(priming) / 48000
    #expect(abs(picture - sample) < 0.001, "the first picture is at \(picture), the first sample at \(sample)")
    let samples = try decodeSound(path)
    #expect(abs(peak(samples) - priming - Self.wave.click) <= 1)
  }

  @Test(arguments: [
    ("libx264", "aac", "mp4"), ("libx264", "libopus", "matroska"), ("rawvideo", "pcm_s16le", "nut"), ("libx264", "aac", "mpegts"),
    ("mpeg2video", "pcm_s16le", "mxf"),
  ])
  func theBytesDoNotDependOnWhatCameFirst(codec: String, sound: String, format: String) throws {
    let folder = TemporaryFolder()
    let files = try Arrival.allCases.map { arrival in
      let path = folder.path + "/\(arrival)"
      try Self.encode(Self.both(codec, sound, format), to: path, arrival)
      return try Data(contentsOf: URL(fileURLWithPath: path))
    }
    #expect(files[0] == files[1] && files[0] == files[2], "\(files.map(\.count))")
  }

  /// Sound that is longer or shorter than the pictures is kept as it is.
  @Test(arguments: [4000, 3 * 48000])
  func lengthsMayDiffer(samples: Int) throws {
    let folder = TemporaryFolder()
    let wave = Wave(frames: samples)
    for format in ["matroska", "mp4"] {
      let path = folder.path + "/" + format
      try Self.encode(Self.both("libx264", "flac", format), to: path, wave: wave)
      #expect(try decodeSound(path) == wave.samples)
      #expect(try times(path).count == Self.frames)
    }
  }

  // MARK: joined

  /// Segments of the pictures and of the sound, joined.
  static func join(_ settings: OutputSettings, to path: String, wave: Wave = wave) throws {
    try encodeSound(settings, wave, to: path + ".sound", asSegment: true)
    let parts = [0..<20, 20..<frames]
    for (index, part) in parts.enumerated() {
      let fd = openNew(path + ".\(index)")
      let output = try VideoOutput(segmentOf: settings, input: .yuv420p, fd: fd.raw)
      var slots: [FakeSlot] = []
      defer { withExtendedLifetime(slots) {} }
      for number in part {
        let slot = FakeSlot(.yuv420p, settings.width, settings.height, seed: number)
        slots.append(slot)
        try output.encode(
          slot.readable, description: slot.description, number: Int64(number - part.lowerBound), release: {})
      }
      _ = try output.finish()
    }
    let fd = openNew(path)
    let joiner = try SegmentJoiner(settings: settings, fd: fd.raw)
    let sound = try open(path + ".sound")
    defer { withExtendedLifetime((fd, sound)) {} }
    try joiner.appendSound(sound.raw, frames: Int64(wave.frames))
    for (index, part) in parts.enumerated() {
      let segment = try open(path + ".\(index)")
      try joiner.append(segment.raw, firstFrame: Int64(part.lowerBound), frames: Int64(part.count))
    }
    _ = try joiner.finish()
  }

  static func open(_ path: String) throws -> FileDescriptor {
    let fd = sluice_open(path, O_RDONLY, 0)
    try #require(fd >= 0)
    return FileDescriptor(fd)
  }

  /// Pictures that each stand for themselves: then joined segments are, to the byte, what one encoder writes.
  @Test(arguments: [
    ("mjpeg", "aac", "mp4"), ("mjpeg", "libopus", "matroska"), ("mjpeg", "flac", "matroska"), ("mjpeg", "flac", "mp4"),
    ("mjpeg", "pcm_s24le", "mov"), ("mjpeg", "libmp3lame", "avi"), ("mjpeg", "aac", "matroska"),
    ("ffv1", "libvorbis", "matroska"),
  ])
  func joinedSegmentsAreTheFileOfOneEncoder(codec: String, sound: String, format: String) throws {
    let folder = TemporaryFolder()
    // Nothing is carried over from picture to picture, also no bits to be saved.
    let quantizer = codec == "ffv1" ? [] : [("qmin", "4"), ("qmax", "4")]
    let wanted = Self.both(codec, sound, format, options: quantizer + (codec == "ffv1" ? [("g", "1")] : []))
    try Self.encode(wanted, to: folder.path + "/one")
    try Self.join(wanted, to: folder.path + "/joined")
    let one = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/one"))
    #expect(try one == Data(contentsOf: URL(fileURLWithPath: folder.path + "/joined")))
  }

  @Test(arguments: [("libx264", "aac", "mp4"), ("libx264", "libopus", "matroska")])
  func joinedPicturesAndSoundAreInStep(codec: String, sound: String, format: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    try Self.join(Self.both(codec, sound, format), to: path)
    #expect(try abs(Self.firstFrame(path, "v:0")) < 0.001 && abs(Self.firstFrame(path, "a:0")) < 0.001)
    #expect(try abs(peak(decodeSound(path)) - Self.wave.click) <= 1)
    #expect(try times(path).count == Self.frames)
  }

  @Test func theSegmentOfTheSoundAloneIsJoined() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a"
    let wanted = soundSettings("aac", "ipod", wave: Self.wave)
    try encodeSound(wanted, Self.wave, to: path + ".sound", asSegment: true)
    let fd = openNew(path)
    let joiner = try SegmentJoiner(settings: wanted, fd: fd.raw)
    let segment = try Self.open(path + ".sound")
    defer { withExtendedLifetime((fd, segment)) {} }
    try joiner.appendSound(segment.raw, frames: Int64(Self.wave.frames))
    _ = try joiner.finish()
    try encodeSound(wanted, Self.wave, to: path + ".direct")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: URL(fileURLWithPath: path + ".direct")))
  }

  @Test func aDamagedSegmentOfSoundIsOneClearError() throws {
    let folder = TemporaryFolder()
    let wanted = Self.both("mjpeg", "flac", "matroska")
    let good = folder.path + "/good"
    try encodeSound(wanted, Self.wave, to: good, asSegment: true)
    let whole = try Data(contentsOf: URL(fileURLWithPath: good))
    func refusal(_ bytes: Data, frames: Int = Self.wave.frames, twice: Bool = false) throws -> String? {
      let path = folder.path + "/bad"
      try bytes.write(to: URL(fileURLWithPath: path))
      let fd = openNew(folder.path + "/out")
      let joiner = try SegmentJoiner(settings: wanted, fd: fd.raw)
      let segment = try Self.open(path)
      return failure {
        if twice { try joiner.appendSound(segment.raw, frames: Int64(frames)) }
        try joiner.appendSound(segment.raw, frames: Int64(frames))
      }?.description
    }
    #expect(try refusal(whole) == nil)
    var flipped = whole
    flipped[whole.count / 2] ^= 1
    #expect(try refusal(flipped)?.hasPrefix("segment of the sound: its file is damaged: the checksum is wrong") == true)
    #expect(try refusal(whole.prefix(whole.count / 2))?.hasPrefix("segment of the sound: its file ends early") == true)
    #expect(try refusal(Data()) != nil)
    #expect(try refusal(whole, frames: 5) == "segment of the sound: holds 96000 sample frames")
    #expect(try refusal(whole, twice: true) == "segment of the sound: came twice")
    // The pictures may not come without it.
    let fd = openNew(folder.path + "/out")
    let joiner = try SegmentJoiner(settings: wanted, fd: fd.raw)
    #expect(failure { _ = try joiner.finish() } != nil)
    withExtendedLifetime(fd) {}
  }
}
