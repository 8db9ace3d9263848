import Foundation

/// Runs a program to its end.
struct Child {
  var status: Int32
  var out: String
  var err: String

  static func run(
    _ path: String, _ arguments: [String], input: String = "", environment: [String: String]? = nil, directory: String? = nil
  ) throws -> Child {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    if let environment { process.environment = environment }
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    // Files rather than pipes: nothing blocks, whatever the amount.
    let base = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-child-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: base) }
    let names = ["in", "out", "err"].map { base.appendingPathComponent($0) }
    try Data(input.utf8).write(to: names[0])
    try Data().write(to: names[1])
    try Data().write(to: names[2])
    process.standardInput = try FileHandle(forReadingFrom: names[0])
    process.standardOutput = try FileHandle(forWritingTo: names[1])
    process.standardError = try FileHandle(forWritingTo: names[2])
    try process.run()
    process.waitUntilExit()
    return Child(
      status: process.terminationStatus, out: try String(contentsOf: names[1], encoding: .utf8),
      err: try String(contentsOf: names[2], encoding: .utf8))
  }
}
