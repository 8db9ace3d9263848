import FrameModel
import SluiceBase

/// Runs and their workers, for people: what `sluice ps` prints without --json.
public enum RunTable {
  /// `runs` are the objects of `sluice ps --json`. A line for each run, below it one for each worker. Empty without runs.
  public static func text(_ runs: [JSONValue]) -> String {
    guard !runs.isEmpty else { return "" }
    var rows = [["RUN", "PID", "FRAMES", "FPS", "LEFT", "LIMIT", "MEMORY", "OUTPUT"]]
    var details: [[String]] = [[]]
    for run in runs {
      rows.append(row(run))
      details.append((run["workers"]?.array ?? []).map(worker))
    }
    let widths = (0..<8).map { column in rows.map { $0[column].count }.max() ?? 0 }
    var out = ""
    for (row, lines) in zip(rows, details) {
      var line = ""
      for (column, text) in row.enumerated() {
        line += column == 7 ? text : HelpText.padded(text, widths[column] + 2)
      }
      out += line + "\n" + lines.map { "  " + $0 + "\n" }.joined()
    }
    return out
  }

  private static func row(_ run: JSONValue) -> [String] {
    let name = run["run"]?.string ?? ""
    let pid = number(run, "pid")
    guard run["state"]?.string != "silent" else { return [name, pid, "does not answer", "", "", "", "", ""] }
    let left = run["secondsLeft"].flatMap(double).map(Values.clock) ?? ""
    return [
      name, pid, "\(number(run, "frames"))/\(number(run, "totalFrames"))",
      run["fps"].flatMap(double).map { DecimalText.fixed($0, 1) } ?? "", left, run["limitedBy"]?.string ?? "",
      size(run, "memoryBytes"), (run["output"]?.string ?? "").printable,
    ]
  }

  private static func worker(_ worker: JSONValue) -> String {
    var line = HelpText.padded(worker["name"]?.string ?? "", 12) + HelpText.padded(number(worker, "pid"), 9)
    line += HelpText.padded(worker["state"]?.string ?? "", 10) + HelpText.padded(number(worker, "frames") + " frames", 16)
    line += size(worker, "privateBytes")
    if worker["origin"]?.string == "attached" { line += "  attached by itself" }
    return line
  }

  private static func number(_ value: JSONValue, _ key: String) -> String { value[key]?.number?.text ?? "" }
  private static func size(_ value: JSONValue, _ key: String) -> String {
    (value[key]?.number?.integer).map { Values.sizeText(UInt64(max(0, $0))) } ?? ""
  }
  private static func double(_ value: JSONValue) -> Double? { value.number.flatMap { Double($0.text) } }
}
