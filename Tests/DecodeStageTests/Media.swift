import Foundation
import FrameModel

/// Files made with the ffmpeg program, and what that program says is in them.
enum Media {
  static let folder: URL = {
    let url = FileManager.default.temporaryDirectory.appending(path: "sluice-decode-tests-\(getpid())")
    try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Media.folder) }
    return url
  }()

  struct Failure: Error { let text: String }

  @discardableResult
  static func run(_ program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let out = Pipe()
    process.standardOutput = out
    let errors = folder.appending(path: UUID().uuidString)
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try out.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let complaint = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
    try? FileManager.default.removeItem(at: errors)
    guard process.terminationStatus == 0 else { throw Failure(text: "\(program) \(arguments): \(complaint)") }
    return data
  }

  /// A path in the tests' folder, made by `ffmpeg ARGUMENTS PATH`.
  static func make(_ name: String, _ arguments: [String]) throws -> String {
    let path = folder.appending(path: name).path
    try run("ffmpeg", ["-v", "error", "-y"] + arguments + [path])
    return path
  }

  /// Pictures by a decode from the start: digests of their bytes, and times in seconds from the container's start.
  struct Reference {
    var digests: [UInt64]
    var times: [Rational]
    var timeBase: Rational

    /// Which picture is shown at a source time.
    func shown(at time: Rational) -> Int {
      let half = min(timeBase * Rational(1, 2), Rational(1, 1000))
      var best = 0
      for (index, own) in times.enumerated() where own - half <= time { best = index }
      return best
    }
  }

  /// `rate`: for containers without presentation times, in which picture n stands at n / rate.
  static func reference(_ path: String, pixelFormat: String, rate: Rational? = nil) throws -> Reference {
    let raw = [UInt8](
      try run(
        "ffmpeg",
        [
          "-v", "error", "-autorotate", "0", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", pixelFormat,
          "-f", "rawvideo", "-",
        ]))
    let probe = try run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v:0", "-show_entries",
        "frame=best_effort_timestamp:stream=time_base:format=start_time",
        "-of", "json", path,
      ])
    struct Answer: Decodable {
      struct Frame: Decodable { var bestEffortTimestamp: Int64? }
      struct Stream: Decodable { var timeBase: String }
      struct Format: Decodable { var startTime: String? }
      var frames: [Frame]
      var streams: [Stream]
      var format: Format
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let answer = try decoder.decode(Answer.self, from: probe)
    let base = answer.streams[0].timeBase.split(separator: "/").compactMap { Int64($0) }
    let timeBase = Rational(base[0], base[1])
    let micro = Int64(((Double(answer.format.startTime ?? "0") ?? 0) * 1_000_000).rounded())
    let count = answer.frames.count
    guard count > 0, raw.count % count == 0 else { throw Failure(text: "\(path): \(raw.count) bytes, \(count) frames") }
    let size = raw.count / count
    let digests = (0..<count).map { FakeProvider.digest(raw[($0 * size)..<(($0 + 1) * size)]) }
    let times = answer.frames.enumerated().map { index, frame in
      if let rate { return Rational(Int64(index)) / rate }
      return Rational(frame.bestEffortTimestamp ?? 0) * timeBase - Rational(micro, 1_000_000)
    }
    return Reference(digests: digests, times: times, timeBase: timeBase)
  }
}
