import FrameModel
import SluiceBase
import Supervisor

/// `--stats`: the names are those of `RunMetrics`, which are a contract.
public enum StatisticsJSON {
  public static func of(_ statistics: RunStatistics) -> JSONValue {
    .object(
      [JSONMember("schema", .number(1))]
        + RunMetrics.all.members(.statistics, of: RunFigures(statistics: statistics), real: number)
        + [
          JSONMember(
            "workers",
            .array(statistics.workers.map { .object(WorkerMetrics.all.members(.statistics, of: $0, real: number)) }))
        ])
  }

  /// Seconds and rates to the microsecond; a member is a number even where a division went wrong.
  static func number(_ value: Double) -> JSONValue {
    let text = DecimalText.fixed(value, 6)
    let end = text.lastIndex { $0 != "0" } ?? text.startIndex
    return .number(text: String(text[end] == "." ? text[..<end] : text[...end]))
  }
}
