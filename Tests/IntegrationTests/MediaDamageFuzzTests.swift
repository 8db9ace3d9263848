import Foundation
import Testing

/// Damaged media: files of many kinds with bytes flipped, cut, zeroed, moved. Whatever a decoder makes of them, the supervisor
/// goes on: no crash, no hang, every failure a clear line. `SLUICE_DAMAGE_FILES` sets how many.
@Suite(.serialized) struct MediaDamageFuzzTests {

  /// Small files of the kinds that people have; a kind that this ffmpeg cannot make is left out.
  private static func goodFiles(_ box: Sandbox) throws -> [String] {
    let kinds: [(name: String, options: [String])] = [
      ("h264.mp4", ["-c:v", "libx264", "-bf", "2", "-g", "8"]), ("h264.ts", ["-c:v", "libx264", "-bf", "2", "-g", "8"]),
      ("h264.mkv", ["-c:v", "libx264", "-g", "8"]), ("hevc.mp4", ["-c:v", "libx265", "-x265-params", "log-level=none"]),
      ("vp9.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]), ("prores.mov", ["-c:v", "prores_ks"]),
      ("mpeg2.avi", ["-c:v", "mpeg2video", "-g", "8"]), ("mpeg4.avi", ["-c:v", "mpeg4"]), ("mjpeg.mov", ["-c:v", "mjpeg"]),
      ("one.jpg", ["-frames:v", "1"]), ("one.png", ["-frames:v", "1"]), ("some.gif", []),
    ]
    var files: [String] = []
    for kind in kinds {
      let path = box.path(kind.name)
      let arguments =
        ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=24", "-t", "1", "-pix_fmt", kind.name.hasSuffix("png") ? "rgb24" : "yuv420p"]
        + kind.options + [path]
      if kind.name == "prores.mov" || kind.name == "some.gif" {
        _ = try? Clips.ffmpeg(arguments.filter { !["-pix_fmt", "yuv420p"].contains($0) })
      } else {
        _ = try? Clips.ffmpeg(arguments)
      }
      if box.exists(kind.name) { files.append(kind.name) }
    }
    _ = try? Clips.ffmpeg(["-f", "lavfi", "-i", "sine=d=1", box.path("tone.wav")])
    return files + ["tone.wav"]
  }

  private static func damage(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = bytes
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
    case 1:
      let at = Int.random(in: 0..<bytes.count, using: &random)
      bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...4000, using: &random)))
    case 2:
      let at = Int.random(in: 0..<bytes.count, using: &random)
      for i in at..<min(bytes.count, at + Int.random(in: 1...4000, using: &random)) { bytes[i] = 0 }
    case 3, 4, 5:
      // The head, where the boxes and parameter sets are.
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: 0..<min(bytes.count, 1000), using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
    case 6:
      // The rear, where an index may be.
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: max(0, bytes.count - 1500)..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
    default:
      for _ in 0..<max(1, bytes.count / 2000) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
    }
    return bytes
  }

  @Test(.timeLimit(.minutes(60))) func damagedFilesEndInPicturesOrInOneClearLine() throws {
    let environment = ProcessInfo.processInfo.environment
    let wanted = environment["SLUICE_DAMAGE_FILES"].flatMap(Int.init) ?? 24
    let seed = environment["SLUICE_DAMAGE_SEED"].flatMap { UInt64($0) } ?? 1
    var random = SeededRandom(state: seed)
    let box = try Sandbox()
    let good = try Self.goodFiles(box)
    #expect(good.count > 8)
    var usable: [String] = []
    var refused = 0, grids = 0, contained: Set<String> = []
    for number in 0..<wanted {
      let kind = good[number % good.count]
      let name = "bad-\(number)-\(kind)"
      let bytes = Self.damage([UInt8](try box.data(kind)), &random)
      try Data(bytes).write(to: URL(fileURLWithPath: box.path(name)))
      let probe = try box.sluice(["probe", name])
      switch probe.status {
      case 0: if !kind.hasSuffix("wav") { usable.append(name) }
      case 65, 69:
        refused += 1
        box.expectOneLine(probe.errors, [name])
      default: Issue.record("probe of \(name), seed \(seed): \(String(describing: probe.status)) \(probe.errors)")
      }
      if usable.count == 9 || number == wanted - 1, !usable.isEmpty {
        grids += 1
        try grid(usable, box, seed, &contained)
        usable = []
      }
    }
    print(
      "damage: SEED=\(seed), \(wanted) files, \(refused) refused by probing, \(grids) grids, "
        + "\(contained.count) ended a decoder: \(contained.sorted())")
    box.expectNothingLeft()
  }

  private func grid(_ files: [String], _ box: Sandbox, _ seed: UInt64, _ contained: inout Set<String>) throws {
    let run = try box.sluice(
      ["grid"] + files + [
        "-o", "grid.y4m", "-y", "--duration", "1", "--canvas", "192x144", "--on-error", "hold", "--progress", "none",
      ])
    let lines = run.errors.split(separator: "\n")
    let place = "grid of \(files), seed \(seed)"
    #expect(run.status == 0 || run.status == 65 || run.status == 69, "\(place): \(String(describing: run.status)) \(run.errors)")
    #expect(lines.allSatisfy { $0.hasPrefix("sluice: ") }, "\(place): \(run.errors)")
    if run.status == 0 {
      #expect(!Y4M(try box.data("grid.y4m")).frames.isEmpty, "\(place)")
    } else {
      #expect(lines.last?.contains("bad-") == true, "\(place): \(run.errors)")
    }
    for line in lines where line.contains("in a row") {
      if let name = files.first(where: { line.contains($0) }) { contained.insert(name) }
    }
  }
}
