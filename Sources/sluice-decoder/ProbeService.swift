import AVBinding
import CSluice
import FrameModel
import SluiceBase

/// Answers paths on standard input (each ended by a zero byte) with a line of JSON each on standard output.
enum ProbeService {
  static func run() {
    var pending: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      while let end = pending.firstIndex(of: 0) {
        let path = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(...end)
        guard (try? System.writeAll(1, answer(path) + "\n")) != nil else { return }
      }
      guard let n = try? System.call("read", { read(0, &chunk, chunk.count) }), n > 0 else { return }
      pending += chunk[0..<n]
    }
  }

  private static func answer(_ path: String) -> String {
    do throws(SluiceError) {
      return try MediaProbe.probe(path: path).json
    } catch {
      let members: [JSONMember] = [
        JSONMember("code", .number(Int64(error.code.rawValue))), JSONMember("what", .string(error.what)),
        JSONMember("place", .string(error.place)), JSONMember("advice", .string(error.advice)),
      ]
      return JSONValue.object([JSONMember("error", .object(members))]).line
    }
  }
}
