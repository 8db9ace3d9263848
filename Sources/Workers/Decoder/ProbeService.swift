import AVBinding
import CSluice
import FrameModel
import SluiceBase
import SystemBase
import WorkerRuntime

/// Takes paths on standard input, each ended by a zero byte, until its end; contains itself to them; then answers each with
/// a line of JSON on standard output, in order.
enum ProbeService {
  static func run() {
    guard let bytes = try? System.readAll(0) else { return }
    let paths = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    sluice_close_from(3)
    do throws(SluiceError) {
      try Sandbox.enter(MediaFiles.of(paths))
      for path in paths { guard (try? System.writeAll(1, answer(path) + "\n")) != nil else { return } }
    } catch {
      // Whoever asked takes the reason for each of them.
      for _ in paths { _ = try? System.writeAll(1, line(error) + "\n") }
    }
  }

  private static func answer(_ path: String) -> String {
    do throws(SluiceError) {
      return try MediaProbe.probe(path: path).json
    } catch {
      return line(error)
    }
  }

  private static func line(_ error: SluiceError) -> String {
    JSONValue.object([JSONMember("error", .object(error.jsonMembers))]).line
  }
}
