import Foundation
import FrameModel
import SluiceBase
import SystemBase
import Testing

@testable import Timeline

/// The reference library says how long timelines are and where their clips lie. It is a Python package: of the programs
/// `python3` on PATH the first that has it is taken, and without one these tests are skipped.
@Suite(.enabled(if: OTIOReference.python != nil, "no python3 with opentimelineio (pip install opentimelineio)"))
struct OTIOReferenceTests {
  @Test func everyTimelineIsAsLongAsInTheReferenceLibraryAndShowsTheSame() throws {
    let folder = NSTemporaryDirectory() + "sluice-otio-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let answers = try OTIOReference.answers(folder)
    #expect(answers.count >= 40)
    for answer in answers {
      let name = answer.path.split(separator: "/").suffix(2).joined(separator: "/")
      let bytes = try System.readFile(answer.path)
      let project = try OTIOReader.read(bytes: bytes, path: answer.path) { _ in true }.project
      let rate = project.canvas.rate.double
      let length = OTIOLeaf.length(project)
      #expect((length - answer.duration).magnitude * rate < 0.01, "\(name): \(length) s, not \(answer.duration) s")
      let ours = OTIOLeaf.leaves(of: project).sorted()
      let theirs = answer.clips.map { $0.leaf(rate: rate) }.sorted()
      #expect(ours.count == theirs.count, "\(name): \(ours) for \(theirs)")
      for (our, their) in zip(ours, theirs) {
        #expect(our.isLike(their, rate: rate), "\(name): \(our), not \(their)")
      }
    }
  }
}

/// A part of a picture on the output: seconds of it and of its media (nil: of no media).
struct OTIOLeaf: Comparable, CustomStringConvertible {
  var name: String
  var at: Double
  var end: Double
  var start: Double?
  var speed: Double

  var description: String { "\(name) \(at)..<\(end) from \(start ?? -1) x\(speed)" }

  static func < (a: Self, b: Self) -> Bool {
    // To the thousandth: the same place may differ in the last bits.
    func key(_ leaf: Self) -> (Int, Int, String) { (Int((leaf.at * 1e3).rounded()), Int((leaf.end * 1e3).rounded()), leaf.name) }
    return key(a) < key(b)
  }

  func isLike(_ other: Self, rate: Double) -> Bool {
    func near(_ a: Double, _ b: Double) -> Bool { (a - b).magnitude * rate < 0.01 }
    guard name == other.name, near(at, other.at), near(end, other.end) else { return false }
    guard let theirs = other.start else { return start == nil }
    return start.map { near($0, theirs) } ?? false && (speed - other.speed).magnitude < 1e-6
  }

  /// Where the last clip ends, be it one that cannot be seen.
  static func length(_ project: Project) -> Double {
    project.tracks.filter { $0.kind == .video && $0.enabled }.flatMap(\.clips).filter(\.enabled).map { clip in
      seconds(clip.at) + seconds(clip.duration ?? .zero)
    }.max() ?? 0
  }

  private static func seconds(_ time: TimeValue) -> Double { if case .seconds(let value) = time { value.double } else { .nan } }

  static func leaves(of project: Project) -> [OTIOLeaf] {
    var leaves: [OTIOLeaf] = []
    collect(project, at: 0, window: 0...length(project), &leaves)
    return merged(leaves)
  }

  private static func collect(_ project: Project, at: Double, window: ClosedRange<Double>, _ leaves: inout [OTIOLeaf]) {
    for track in project.tracks where track.kind == .video && track.enabled {
      for clip in track.clips where clip.enabled {
        let first = at + seconds(clip.at), speed = clip.speed.double, start = seconds(clip.in)
        let from = max(first, window.lowerBound), to = min(first + seconds(clip.duration ?? .zero), window.upperBound)
        guard from < to - 1e-6 else { continue }
        let source = project.sources[clip.source]
        if case .timeline(let nested) = source.source, clip.speed == .one, !source.name.hasPrefix("card") {
          collect(nested, at: first - start, window: from...to, &leaves)
          continue
        }
        var leaf = OTIOLeaf(name: clip.name, at: from, end: to, start: start + (from - first) * speed, speed: speed)
        switch source.source {
        case .color where source.name == "background": continue
        case .timeline where source.name.hasPrefix("card"), .color, .lavfi, .title: leaf.start = nil
        default: break
        }
        leaves.append(leaf)
      }
    }
  }

  /// A picture that is held where the media has none yet, and the media, are one clip that starts before its media.
  private static func merged(_ leaves: [OTIOLeaf]) -> [OTIOLeaf] {
    var merged: [OTIOLeaf] = []
    for leaf in leaves {
      if let last = merged.last, last.name == leaf.name, last.speed == 0, last.start == 0, leaf.start == 0,
        (last.end - leaf.at).magnitude < 1e-6
      {
        merged[merged.count - 1].end = leaf.end
        merged[merged.count - 1].start = (last.at - last.end) * leaf.speed
        merged[merged.count - 1].speed = leaf.speed
      } else {
        merged.append(leaf)
      }
    }
    return merged
  }
}

/// Runs Tools/otio-reference.py.
enum OTIOReference {
  struct Answer: Decodable {
    struct Clip: Decodable {
      var name: String
      var at: Double
      var end: Double
      var speed: Double
      /// Of the whole clip.
      var length: Double
      var start: Double?

      /// Backwards the reader shows the same pictures as forwards, the last one first.
      func leaf(rate: Double) -> OTIOLeaf {
        let start = start.map { speed < 0 ? $0 - speed * (length - 1 / rate) : $0 }
        return OTIOLeaf(name: name, at: at, end: end, start: start, speed: start == nil ? 1 : speed)
      }
    }
    var path: String
    var duration: Double
    var clips: [Clip]
  }

  static let python: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/python3" }.first { path in
      FileManager.default.isExecutableFile(atPath: path) && (try? run(path, ["-c", "import opentimelineio"])) != nil
    }
  }()

  /// Of the timelines that the script makes in `folder`, and of those in SLUICE_MEDIA.
  static func answers(_ folder: String) throws -> [Answer] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let script = root.appendingPathComponent("Tools/otio-reference.py").path
    let output = try run(python ?? "python3", [script, folder] + files)
    return try output.split(separator: "\n").map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
  }

  /// The .otio files below $SLUICE_MEDIA/timelines; none without it.
  static let files: [String] = {
    guard let media = ProcessInfo.processInfo.environment["SLUICE_MEDIA"] else { return [] }
    let root = media + "/timelines"
    let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".otio") }.sorted().map { root + "/" + $0 }
  }()

  struct Failed: Error { var status: Int32 }

  private static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
    return String(decoding: data, as: UTF8.self)
  }
}
