import FrameModel
import SluiceBase

/// What `sluice bench audio` measured, for people.
public enum AudioBenchTable {
  /// `result` is the line of `sluice-audio --bench`.
  public static func text(_ result: JSONValue) -> String {
    func number(_ key: String) -> Double { result[key].flatMap(double) ?? 0 }
    func whole(_ key: String) -> String { result[key]?.number?.text ?? "not counted" }
    func milliseconds(_ key: String) -> String { DecimalText.fixed(number(key) * 1000, 2) }
    let rate = number("sampleRate")
    var rows = [
      (
        "graph",
        "\(whole("tracks")) tracks of source, biquad, gain, panner and delay at \(whole("sampleRate")) Hz, quanta of 128 frames"
      ),
      ("real time", "\(DecimalText.fixed(number("quanta") * 128 / max(rate, 1), 1)) s, \(result["scheduling"]?.string ?? "")"),
      ("load", "average \(DecimalText.fixed(number("averageLoad"), 3)), peak \(DecimalText.fixed(number("peakLoad"), 3))"),
      ("under-runs", "\(whole("underrunEvents")), \(milliseconds("underrunDuration")) ms"),
      (
        "latency",
        "average \(milliseconds("averageLatency")) ms, \(milliseconds("minimumLatency")) to \(milliseconds("maximumLatency")) ms"
      ),
      ("allocations", "\(whole("allocationsAfterFirstSecond")) in quanta after the first second"),
      ("memory", "\(Values.sizeText(UInt64(max(0, number("peakResidentBytes"))))) resident at most"),
      (
        "speed",
        "\(DecimalText.fixed(number("secondsPerCPUSecond"), 1)) s of sound a second of CPU time, \(DecimalText.fixed(number("secondsPerSecond"), 1)) of the clock"
      ),
    ]
    for pool in result["pools"]?.array ?? [] {
      let name = pool["name"]?.string ?? ""
      func count(_ key: String) -> String { pool[key]?.number?.text ?? "" }
      rows.append(
        (
          "pool \(name)",
          "\(count("created")) created, \(count("inUse")) in use, \(count("pooled")) pooled, pressure \(pool["pressure"]?.string ?? "")"
        ))
    }
    var out = ""
    for (name, text) in rows { out += HelpText.padded(name, 18) + text + "\n" }
    return out
  }

  private static func double(_ value: JSONValue) -> Double? { value.number.flatMap { Double($0.text) } }
}
