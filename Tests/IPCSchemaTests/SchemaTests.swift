import Foundation
import Testing

/// The header, the examples and the model, as a third party would use them.
@Suite(.serialized) struct SchemaTests {
  @Test(.enabled(if: ToolRun.python, "python3 is missing"))
  func theHeaderIsCleanC11AndThePythonMirrorEqualsIt() throws {
    try ToolRun.withFolder { folder in
      let checks = try ToolRun(["python3", "examples/sluice_ipc.py"])
      #expect(checks.status == 0, "\(checks.output)")
      let source = folder.appending(path: "layout.c")
      try checks.output.write(to: source, atomically: true, encoding: .utf8)
      let compiled = try ToolRun(
        [ToolRun.compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I.", "-fsyntax-only", source.path])
      #expect(compiled.status == 0, "\(compiled.output)")
    }
  }

  @Test(.enabled(if: ToolRun.python, "python3 is missing"))
  func theVectorsAreAsGenerated() throws {
    let run = try ToolRun(["python3", "vectors/gen_vectors.py", "--check"])
    #expect(run.status == 0, "\(run.output)")
  }

  static let runs: [[String]] = [
    ["--role", "decoder"], ["--role", "decoder", "--deaf", "5", "--size", "33x17"], ["--role", "filter"],
    ["--role", "filter", "--deaf", "5", "--vanish"],
  ]

  @Test(.enabled(if: ToolRun.pyzmq, "python3 with pyzmq and numpy is missing"), .timeLimit(.minutes(2)), arguments: runs)
  func theCWorkerServesAHundredFrames(_ options: [String]) throws {
    try ToolRun.withFolder { folder in
      let worker = folder.appending(path: "worker").path
      let compiled = try ToolRun(
        [ToolRun.compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "examples/worker.c", "-lzmq", "-o", worker])
      #expect(compiled.status == 0, "\(compiled.output)")
      let run = try ToolRun(["python3", "examples/mini_supervisor.py"] + options + ["--", worker])
      #expect(run.status == 0, "\(run.output)")
    }
  }

  @Test(.enabled(if: ToolRun.pyzmq, "python3 with pyzmq and numpy is missing"), .timeLimit(.minutes(2)), arguments: runs)
  func thePythonWorkerServesAHundredFrames(_ options: [String]) throws {
    let run = try ToolRun(["python3", "examples/mini_supervisor.py"] + options + ["--", "python3", "examples/worker.py"])
    #expect(run.status == 0, "\(run.output)")
  }

  @Test(.enabled(if: ToolRun.spin, "spin is missing"), .timeLimit(.minutes(10)))
  func theModelHoldsAndItsBrokenVariantsDoNot() throws {
    let run = try ToolRun(["sh", "model/check.sh"])
    #expect(run.status == 0, "\(run.output)")
  }
}
