import CommandInterface
import FrameModel
import SluiceBase
import Supervisor

/// `sluice probe`.
enum ProbeCommand {
  static func run(_ invocation: Invocation) throws {
    let asJSON = invocation.settings.flag(.json)
    guard !invocation.operands.contains("") else { throw SluiceError(.usage, "an empty name is no file", at: "probe") }
    try SourcePath.check(invocation.operands)
    let results = ProbeClient(workerDirectory: invocation.settings.text(.workerDirectory)).probe(invocation.operands)
    var errors: [SluiceError] = []
    var found: [MediaInfo] = []
    for result in results {
      switch result {
      case .success(let info): found.append(info)
      case .failure(let error): errors.append(error)
      }
    }
    if asJSON {
      // One file gives an object, several an array.
      if invocation.operands.count > 1 {
        try Console.print(JSONValue.array(found.map(\.jsonValue)).pretty)
      } else if let info = found.first {
        try Console.print(info.jsonValue.pretty)
      }
    } else {
      try Console.print(found.map(MediaTable.text).joined(separator: "\n"))
    }
    if !errors.isEmpty { throw Failures(errors: errors) }
  }
}
