import CSluice
import CommandInterface
import SluiceBase
import Supervisor

#if canImport(Glibc)
import Glibc
#endif

/// `sluice doctor`: asks the worker programs and the machine.
enum DoctorCommand {
  static func run(_ invocation: Invocation) throws {
    var report = DoctorReport(checks: [], versions: [])
    for name in ["sluice-decoder", "sluice-renderer", "sluice-encoder", "sluice-audio"] {
      checkProgram(name, directory: invocation.settings.text(.workerDirectory), &report)
    }
    report.checks += MachineChecks.all() + [CachePlace.check(invocation.settings)]
    try Console.print(invocation.settings.flag(.json) ? report.json().pretty : report.text())
    if let first = report.failures.first {
      let names = report.failures.map(\.name).joined(separator: ", ")
      throw SluiceError(.unavailable, "something needed is missing", at: names, advice: first.advice)
    }
  }

  private static func checkProgram(_ name: String, directory: String?, _ report: inout DoctorReport) {
    do throws(SluiceError) {
      let path = try WorkerPrograms.find(name, directory: directory)
      let answer = try ProgramOutput.of(path, ["--doctor"])
      guard let versions = try? JSONReader.read(answer), let members = versions.object else {
        throw SluiceError(.unavailable, "answers with something else than versions", at: path, advice: "install sluice again")
      }
      let texts = members.map { "\($0.key) \($0.value.string ?? $0.value.line)" }
      report.checks.append(.init(name, .ok, ([path] + texts).joined(separator: ", ")))
      report.versions.append((name, versions))
    } catch {
      let advice = error.advice.isEmpty ? "install sluice again, or name the place with --worker-directory" : error.advice
      report.checks.append(.init(name, .fail, error.place.isEmpty ? error.what : "\(error.place): \(error.what)", advice: advice))
    }
  }
}
