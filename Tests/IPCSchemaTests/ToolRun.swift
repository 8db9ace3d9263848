import Foundation

/// A program run to its end, its output and errors together.
struct ToolRun {
  let status: Int32
  let output: String

  init(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = Vector.schema
    process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    let out = Pipe()
    process.standardOutput = out
    process.standardError = out
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = out.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    status = process.terminationStatus
    output = String(decoding: data, as: UTF8.self)
  }

  static func has(_ arguments: String...) -> Bool { (try? ToolRun(arguments))?.status == 0 }

  static let python = has("python3", "-c", "pass")
  static let pyzmq = has("python3", "-c", "import zmq, numpy")
  static let compiler = has("cc", "--version") ? "cc" : "clang"
  static let spin = has("spin", "-V")

  /// A folder that goes with the test.
  static func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
