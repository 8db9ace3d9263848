import Foundation

/// Clips that all tests read, made once by the ffmpeg program and removed at the end.
enum Clips {
  static let width = 320, height = 180

  private static let tags = [
    "-vf", "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv", "-color_primaries", "bt709", "-color_trc",
    "bt709", "-colorspace", "bt709", "-color_range", "tv",
  ]
  private static let directory: String = {
    let path = "/tmp/sluice-it-clips-\(getpid())"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: "/tmp/sluice-it-clips-\(getpid())") }
    return path
  }()

  @discardableResult
  static func ffmpeg(_ arguments: [String], directory: String = "/tmp") throws -> Data {
    try run("ffmpeg", ["-v", "error", "-nostdin", "-y"] + arguments, directory: directory)
  }

  @discardableResult
  static func run(_ tool: String, _ arguments: [String], directory: String = "/tmp") throws -> Data {
    let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"]
    let child = try Spawned(tool, arguments, environment: environment, directory: directory)
    let status = child.wait(within: 120)
    guard status == 0, child.errors.isEmpty else {
      throw Failed(text: "\(tool) \(arguments): \(String(describing: status)) \(child.errors)")
    }
    return child.output
  }
  struct Failed: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
  }

  /// A moving picture with a running number in it. `graph` filters what `source` makes.
  private static func make(
    _ name: String, source: String = "testsrc2", rate: Int = 24, seconds: Double = 2, filter: String? = nil,
    format: String = "yuv420p", _ encoder: [String]
  ) -> String {
    let path = directory + "/" + name
    var tags = tags
    if format != "yuv420p" { tags = ["-vf", "null"] }
    if let filter { tags[1] = filter + "," + tags[1] }
    do {
      try ffmpeg(
        ["-f", "lavfi", "-i", "\(source)=s=\(width)x\(height):r=\(rate)", "-t", "\(seconds)"] + tags
          + ["-pix_fmt", format, "-threads", "1"] + encoder + [path])
    } catch { fatalError("\(error)") }
    return path
  }

  static let bframes = make("bframes.mp4", ["-c:v", "libx264", "-g", "12", "-bf", "3"])
  static let mandelbrot = make("mandelbrot.mp4", source: "mandelbrot", ["-c:v", "libx264", "-bf", "2"])
  static let thirty = make("thirty.mp4", rate: 30, ["-c:v", "libx264", "-bf", "2"])
  static let openGOP = make(
    "open.mkv", source: "mandelbrot", ["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=12:bframes=3"])
  static let variableRate = make(
    "vfr.mp4", rate: 30, filter: "select='not(eq(mod(n,5),2))*not(eq(mod(n,7),3))'",
    ["-vsync", "vfr", "-c:v", "libx264", "-bf", "2", "-g", "15"])
  /// Begins in the middle of a group of pictures: the edit list hides what comes before.
  static let editList: String = {
    let whole = make("whole.mp4", seconds: 3, ["-c:v", "libx264", "-g", "12", "-bf", "2"])
    let path = directory + "/edit.mp4"
    do { try ffmpeg(["-ss", "0.8", "-i", whole, "-c", "copy", path]) } catch { fatalError("\(error)") }
    return path
  }()
  static let long = make("long.mp4", seconds: 20, ["-c:v", "libx264", "-preset", "ultrafast", "-g", "24"])
  /// Bits of its pictures flipped; the container is whole.
  static let damaged: String = {
    let path = make("damaged.mp4", seconds: 20, ["-c:v", "libx264", "-preset", "fast", "-g", "24", "-bf", "3", "-b:v", "300k"])
    do {
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      guard let box = bytes.range(of: Data("mdat".utf8)) else { throw Failed(text: "no pictures in \(path)") }
      let size = bytes[(box.lowerBound - 4)..<box.lowerBound].reduce(0) { $0 << 8 | Int($1) }
      var random = SeededRandom(state: 5)
      for _ in 0..<14 { bytes[box.upperBound + Int.random(in: 2000..<(size - 8), using: &random)] ^= 0x10 }
      try bytes.write(to: URL(fileURLWithPath: path))
    } catch { fatalError("\(error)") }
    return path
  }()
  /// R'G'B' inside, so that a PNG holds exactly what the codec delivered.
  static func rgb(_ name: String, _ options: [String], filter: String? = nil) -> String {
    make("rgb-" + name, source: "mandelbrot", filter: filter, format: "gbrp", ["-c:v", "libx264rgb", "-qp", "20"] + options)
  }
  static let png = still("still.png", "testsrc2=s=640x360")
  static let jpeg = still("still.jpg", "mandelbrot=s=640x360")
  private static func still(_ name: String, _ source: String) -> String {
    do { try ffmpeg(["-f", "lavfi", "-i", source, "-frames:v", "1", "-q:v", "2", directory + "/" + name]) } catch {
      fatalError("\(error)")
    }
    return directory + "/" + name
  }
  /// A white picture for one frame of 25 a second, and 20 ms of a loud 500 Hz tone, both at 0.4 s of every second; exact in the
  /// Matroska file, coded with AAC in the MP4 file.
  static let flashMKV = flash("flash.mkv", ["-c:v", "libx264", "-qp", "10", "-bf", "2", "-c:a", "flac"])
  static let flashMP4 = flash("flash.mp4", ["-c:v", "libx264", "-qp", "10", "-bf", "2", "-c:a", "aac", "-b:a", "256k"])
  private static func flash(_ name: String, _ encoder: [String]) -> String {
    let picture = "color=black:s=\(width)x\(height):r=25,drawbox=t=fill:color=white:enable='eq(mod(n,25),10)'"
    let tone = "aevalsrc='if(lt(mod(t+0.6+1e-9,1),0.02),0.8*cos(2*PI*500*(t-0.4)),0)':s=48000"
    do {
      try ffmpeg(
        ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-t", "6", "-pix_fmt", "yuv420p", "-threads", "1"] + tags
          + encoder + [directory + "/" + name])
    } catch { fatalError("\(error)") }
    return directory + "/" + name
  }
  static let sound: String = {
    do { try ffmpeg(["-f", "lavfi", "-i", "sine=d=1", directory + "/tone.wav"]) } catch { fatalError("\(error)") }
    return directory + "/tone.wav"
  }()
}

/// All frames of a clip as ffmpeg decodes them from its beginning, with their times: the independent reference.
struct Reference {
  let frames: [Data]
  /// In ticks of the time base, from the container's start.
  let times: [Double]
  let halfTick: Double

  init(_ path: String, format: String = "yuv420p", bytes: Int = Clips.width * Clips.height * 3 / 2) throws {
    let raw = try Clips.ffmpeg(["-i", path, "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", format, "-"])
    frames = stride(from: 0, to: raw.count, by: bytes).map { raw[$0..<min($0 + bytes, raw.count)] }
    let entries = "stream=time_base:format=start_time:frame=best_effort_timestamp"
    let text = try Clips.run(
      "ffprobe",
      ["-v", "error", "-select_streams", "v", "-of", "json", "-show_entries", entries, path])
    let json = try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
    let stream = (json["streams"] as? [[String: Any]])?.first ?? [:]
    let base = ((stream["time_base"] as? String) ?? "1/1").split(separator: "/").compactMap { Double($0) }
    let start = Double(((json["format"] as? [String: Any])?["start_time"] as? String) ?? "0") ?? 0
    let tick = base[0] / base[1]
    times = ((json["frames"] as? [[String: Any]]) ?? []).compactMap { $0["best_effort_timestamp"] as? Int }
      .map { Double($0) * tick - start }
    halfTick = tick / 2
  }

  /// Frame shown at a time: the last that began, half a tick of tolerance; the first before all.
  func index(at time: Double) -> Int { max(0, (times.lastIndex { $0 - halfTick <= time + 1e-7 }) ?? 0) }
  func frame(at time: Double) -> Data { frames[index(at: time)] }
}

/// Frames of a Y4M file, 8-bit 4:2:0.
struct Y4M {
  let header: String
  let frames: [Data]

  init(_ data: Data) {
    let line = data.firstIndex(of: 0x0a) ?? data.startIndex
    let header = String(decoding: data[data.startIndex..<line], as: UTF8.self)
    func number(_ letter: Character) -> Int {
      header.split(separator: " ").first { $0.first == letter }.flatMap { Int($0.dropFirst()) } ?? 0
    }
    let bytes = number("W") * number("H") * 3 / 2
    var frames: [Data] = []
    self.header = header
    var at = line + 1
    while bytes > 0, at + 6 + bytes <= data.endIndex, data[at..<at + 6].elementsEqual("FRAME\n".utf8) {
      frames.append(data[at + 6..<at + 6 + bytes])
      at += 6 + bytes
    }
    self.frames = at == data.endIndex ? frames : []
  }
}

/// Peak signal-to-noise ratio over all samples, dB.
func psnr(_ a: [Data], _ b: [Data]) -> Double {
  var sum = 0.0
  var count = 0.0
  for (x, y) in zip(a, b) {
    x.withUnsafeBytes { x in
      y.withUnsafeBytes { y in
        var square = 0
        for i in 0..<min(x.count, y.count) {
          let d = Int(x[i]) - Int(y[i])
          square += d * d
        }
        sum += Double(square)
        count += Double(min(x.count, y.count))
      }
    }
  }
  return sum == 0 ? .infinity : 10 * log10(255 * 255 * count / sum)
}

/// Peak signal-to-noise ratio of two byte strings.
func psnr(_ a: Data, _ b: Data) -> Double { psnr([a], [b]) }
