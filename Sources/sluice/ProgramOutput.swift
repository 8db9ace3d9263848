import SluiceBase
import Supervisor

/// Runs a worker program that answers a question on its standard output and ends.
enum ProgramOutput {
  /// What it printed. A program that fails, or says nothing for `seconds`, is an error of code 69.
  static func of(_ path: String, _ arguments: [String], seconds: Int32 = 10) throws(SluiceError) -> String {
    let answer = try ProgramAnswer.run(path, arguments, silence: seconds * 1000)
    guard answer.status != nil else { throw SluiceError(.unavailable, "does not answer", at: path) }
    guard answer.isSuccess else {
      throw SluiceError(.unavailable, "fails", at: path, advice: "run it by hand: \(path) \(arguments.joined(separator: " "))")
    }
    return answer.lines.joined(separator: "\n")
  }
}
