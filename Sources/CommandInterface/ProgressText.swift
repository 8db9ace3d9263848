import FrameModel
import SluiceBase
import Supervisor

/// Progress of a run as text. Pure; a display decides when and where to write it.
public enum ProgressText {
  /// One line of at most `width` columns that ends before the last one (a terminal would wrap there). What matters less
  /// is left out where it does not fit. `rate`: frames a second of the output.
  public static func bar(_ p: RunProgress, rate: Double, width: Int, unicode: Bool) -> String {
    let room = max(1, width - 1)
    let head = percent(p)
    // In order of worth; each is shown when it still fits beside all before it.
    let parts: [(place: Int, text: String)] = [
      (3, p.secondsLeft.map { "\(Values.clock($0)) left" } ?? ""),
      (1, p.fps > 0 ? "\(DecimalText.fixed(p.fps, 1)) fps" : ""),
      (0, p.totalFrames > 0 ? "\(p.frames)/\(p.totalFrames)" : "\(p.frames) frames"),
      (2, speed(p, rate: rate)),
      (4, p.limitedBy.isEmpty ? "" : "\(p.limitedBy) limits"),
      (5, p.memoryBytes > 0 ? Values.sizeText(p.memoryBytes) : ""),
    ]
    var used = head.count
    let least = 12
    var shown: [(place: Int, text: String)] = []
    for part in parts where !part.text.isEmpty {
      let reserve = shown.count < 2 ? 0 : least
      guard used + part.text.count + 2 + reserve <= room else { continue }
      used += part.text.count + 2
      shown.append(part)
    }
    let tail = shown.sorted { $0.place < $1.place }.map { "  " + $0.text }.joined()
    let bar = min(40, room - used - 3)
    let line = head + (bar >= 4 && p.totalFrames > 0 ? " " + gauge(fraction(p), cells: bar, unicode: unicode) : "") + tail
    return line.count <= room ? line : String(line.prefix(room))
  }

  /// A line for logs: `120/300 frames, 40%, 30.6 fps, 1.02x, 0:06 left, decode limits, 183 MiB`.
  public static func plain(_ p: RunProgress, rate: Double) -> String {
    let parts = [
      p.totalFrames > 0 ? "\(p.frames)/\(p.totalFrames) frames" : "\(p.frames) frames",
      p.totalFrames > 0 ? String(percent(p).drop { $0 == " " }) : "",
      p.fps > 0 ? "\(DecimalText.fixed(p.fps, 1)) fps" : "",
      speed(p, rate: rate),
      p.secondsLeft.map { "\(Values.clock($0)) left" } ?? "",
      p.limitedBy.isEmpty ? "" : "\(p.limitedBy) limits",
      p.memoryBytes > 0 ? Values.sizeText(p.memoryBytes) : "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  public static func json(_ p: RunProgress, rate: Double) -> JSONValue {
    .object(
      [JSONMember("event", .string("progress"))]
        + RunMetrics.all.members(.progress, of: RunFigures(progress: p, rate: rate), real: StatisticsJSON.number))
  }

  public static func json(_ error: SluiceError) -> JSONValue {
    .object([JSONMember("event", .string("error"))] + error.jsonMembers)
  }

  public static func json(warning text: String) -> JSONValue {
    .object(["event": .string("warning"), "text": .string(text)])
  }

  public static func json(done statistics: RunStatistics, output: String) -> JSONValue {
    .object(["event": .string("done"), "output": .string(output), "statistics": StatisticsJSON.of(statistics)])
  }

  /// The line that stays when a run is over.
  public static func summary(_ s: RunStatistics, output: String, rate: Double) -> String {
    let fps = s.wallSeconds > 0 ? Double(s.frames) / s.wallSeconds : 0
    var parts = ["\(s.frames) frame\(s.frames == 1 ? "" : "s") in \(DecimalText.fixed(s.wallSeconds, 1)) s"]
    if fps > 0 { parts.append("\(DecimalText.fixed(fps, 1)) fps" + (rate > 0 ? " (\(DecimalText.fixed(fps / rate, 2))x)" : "")) }
    if s.outputBytes > 0 { parts.append(Values.sizeText(s.outputBytes)) }
    if s.peakMemoryBytes > 0 { parts.append("peak memory \(Values.sizeText(s.peakMemoryBytes))") }
    if !s.limitedBy.isEmpty { parts.append("\(s.limitedBy) limited") }
    return (output.isEmpty ? "" : "\(output): ") + parts.joined(separator: ", ")
  }

  private static func fraction(_ p: RunProgress) -> Double {
    p.totalFrames > 0 ? min(1, max(0, Double(p.frames) / Double(p.totalFrames))) : 0
  }

  /// Four columns; 100% only when all is done.
  private static func percent(_ p: RunProgress) -> String {
    guard p.totalFrames > 0 else { return " ..." }
    let text = "\(Int(fraction(p) * 100))%"
    return String(repeating: " ", count: 4 - text.count) + text
  }

  private static func speed(_ p: RunProgress, rate: Double) -> String {
    p.fps > 0 && rate > 0 ? "\(DecimalText.fixed(p.fps / rate, 2))x" : ""
  }

  private static func gauge(_ fraction: Double, cells: Int, unicode: Bool) -> String {
    guard unicode else {
      let full = Int(fraction * Double(cells))
      return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: cells - full) + "]"
    }
    let eighths = Int(fraction * Double(cells) * 8)
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    let full = String(repeating: "█", count: eighths / 8) + partial
    return "│" + full + String(repeating: " ", count: cells - full.count) + "│"
  }
}
