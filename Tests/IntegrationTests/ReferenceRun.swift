import Foundation
import Testing

/// The renderer of `Reference/`, in Python with numpy, which shares nothing with the code under test; see `compare.py`.
enum ReferenceRun {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Reference"

  /// A project whose frames are compared.
  struct Job: Decodable {
    var name: String
    var project: String
    var frames: String
    /// nil: exact to one code value.
    var psnr: Double?
    var options: [String]
    /// No sample may differ at all.
    var zero: Bool
    /// A warning of this text, in one line; empty: none.
    var says: String
  }

  /// The worst over all frames.
  struct Difference: Decodable {
    var name: String
    var frames: Int
    var expected: Int
    var max: Int
    var psnr: Double
  }

  /// The sources that the cases name, made once.
  static let media: Result<String, any Error> = Result {
    let path = "/tmp/sluice-it-reference-\(getpid())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: "/tmp/sluice-it-reference-\(getpid())") }
    try python("media.py", [path])
    return path
  }

  static let isThere = (try? run(["-c", "import numpy"])) != nil

  @discardableResult
  static func python(_ script: String, _ arguments: [String]) throws -> Data { try run([folder + "/" + script] + arguments) }

  private static func run(_ words: [String]) throws -> Data {
    // The python3 that this process would find: it is the one that has numpy.
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let environment = ["PATH": path, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"]
    let child = try Spawned("python3", words, environment: environment, directory: "/tmp")
    let status = child.wait(within: 240)
    guard status == 0 else { throw Clips.Failed(text: "\(words): \(String(describing: status)) \(child.errors)") }
    return child.output
  }

  static func jobs(_ group: String, in box: Sandbox) throws -> [Job] {
    try lines(python("cases.py", [group, try media.get(), box.directory]))
  }

  static func compare(_ jobs: String, in box: Sandbox) throws -> [Difference] {
    try lines(python("compare.py", [box.path(jobs)]))
  }

  private static func lines<T: Decodable>(_ data: Data) throws -> [T] {
    try data.split(separator: 0x0a).map { try JSONDecoder().decode(T.self, from: $0) }
  }
}
