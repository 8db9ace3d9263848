import AudioStage
import Foundation
import FrameModel
import Plan
import SluiceBase

/// Files of sound, written here or made with the ffmpeg program.
enum Media {
  static let folder: URL = {
    let url = FileManager.default.temporaryDirectory.appending(path: "sluice-audio-tests-\(getpid())")
    try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Media.folder) }
    return url
  }()

  struct Failure: Error { let text: String }

  /// What the program says on its standard error.
  @discardableResult
  static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let errors = folder.appending(path: UUID().uuidString)
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let said = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
    try? FileManager.default.removeItem(at: errors)
    guard process.terminationStatus == 0 else { throw Failure(text: "\(program) \(arguments): \(said)") }
    return said
  }

  static func path(_ name: String) -> String { folder.appending(path: "\(UUID().uuidString)-\(name)").path }

  /// A path in the tests' folder, made by `ffmpeg ARGUMENTS PATH`.
  static func make(_ name: String, _ arguments: [String]) throws -> String {
    let path = path(name)
    try run("ffmpeg", ["-v", "error", "-y"] + arguments + [path])
    return path
  }

  static func wave(_ planes: [[Float]], rate: Int) throws -> String {
    let path = path("made.wav")
    try Data(WaveFile.bytes(planes, rate: rate)).write(to: URL(filePath: path))
    return path
  }
}

/// Numbers that are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_f491_4f6c_dd1d
  }
}

func noise(_ count: Int, seed: UInt64 = 1, level: Float = 0.5) -> [Float] {
  var generator = SeededGenerator(seed)
  return (0..<count).map { _ in Float.random(in: -level...level, using: &generator) }
}

func sine(_ frequency: Double, _ count: Int, rate: Int, level: Double = 0.5) -> [Float] {
  (0..<count).map { Float(level * sin(2 * Double.pi * frequency * Double($0) / Double(rate))) }
}

func root(_ samples: some Collection<Float>) -> Double {
  samples.isEmpty ? 0 : (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(samples.count)).squareRoot()
}

/// Hz, by the zero crossings between the first and the last.
func pitch(_ samples: ArraySlice<Float>, rate: Int) -> Double {
  var crossings: [Double] = []
  for index in samples.indices.dropLast() where samples[index] < 0 && samples[index + 1] >= 0 {
    crossings.append(Double(index) + Double(-samples[index] / (samples[index + 1] - samples[index])))
  }
  guard let first = crossings.first, let last = crossings.last, last > first else { return 0 }
  return Double(crossings.count - 1) * Double(rate) / (last - first)
}

/// The shift of `late` against `early` at which they are most alike.
func lag(_ early: ArraySlice<Float>, _ late: [Float], within: Int) -> Int {
  var best = (score: -Double.infinity, shift: 0)
  for shift in -within...within {
    var score = 0.0
    for index in early.indices where late.indices.contains(index + shift) {
      score += Double(early[index]) * Double(late[index + shift])
    }
    if score > best.score { best = (score, shift) }
  }
  return best.shift
}

/// A plan and its sources, put together clip by clip.
struct Draft {
  var plan = SoundPlan()
  var sources: [SourceKey] = []

  init(frames: Int64, rate: Int = 48000, channels: Int = 2, tracks: Int = 1) {
    plan.frames = frames
    plan.sampleRate = rate
    plan.channels = channels
    plan.tracks = Array(repeating: SoundPlan.Track(), count: tracks)
  }

  mutating func add(
    _ source: SourceKey, track: Int = 0, at first: Int64, frames: Int64, _ change: (inout SoundPlan.Clip) -> Void = { _ in }
  ) {
    let index = sources.firstIndex(of: source) ?? sources.count
    if index == sources.count { sources.append(source) }
    var clip = SoundPlan.Clip(source: index, track: track, first: first, end: first + frames)
    change(&clip)
    plan.clips.append(clip)
    plan.clips.sort { $0.first < $1.first }
  }

  func render() throws -> [[Float]] { try SoundRenderer(plan, sources: sources).renderAll() }
}
