import Foundation
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

@Suite struct LaunchTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func load(_ text: String) throws -> LaunchDescription {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-launch-\(UUID()).json5")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try LaunchDescription.load(file.path)
  }

  /// What and where, without the file's name.
  private func error(_ text: String) -> String {
    do {
      _ = try load(text)
      return ""
    } catch let error as SluiceError {
      let line = error.description
      let start = line.range(of: ".json5:")?.upperBound ?? line.startIndex
      return (error.code == .badInput ? "" : "\(error.code) ") + String(line[start...])
    } catch { return "\(error)" }
  }

  @Test func theFileInLaunchHoldsTheDefaults() throws {
    var expected = LaunchDescription()
    expected.memory = 1 << 30
    #expect(try LaunchDescription.load(root.appendingPathComponent("launch/export.json5").path) == expected)
    #expect(try LaunchDescription.load(nil) == LaunchDescription())
  }

  /// Schema, file and reader know the same keys, with the same defaults and bounds.
  @Test func schemaFileAndReaderAgree() throws {
    let file = try JSONReader.read(try System.readFile(root.appendingPathComponent("launch/export.json5").path))
    let schema = try JSONReader.read(try System.readFile(root.appendingPathComponent("launch/schema.json").path))
    var leaves = 0
    func compare(_ schema: JSONValue, _ value: JSONValue, _ path: [String]) throws {
      guard let properties = schema["properties"]?.object else {
        leaves += 1
        #expect(schema["default"] == value, "\(path)")
        guard let least = schema["minimum"]?.number?.integer ?? schema["anyOf"]?.array?.first?["minimum"]?.number?.integer,
          let most = schema["maximum"]?.number?.integer ?? schema["anyOf"]?.array?.first?["maximum"]?.number?.integer
        else { return }
        func text(_ number: Int64) -> String { path.reversed().reduce("\(number)") { "{\"\($1)\": \($0)}" } }
        #expect(error(text(least)) == "")
        #expect(error(text(most)) == "")
        let wanted = "\(path.joined(separator: ".")): must be a whole number from \(least) to \(most)"
        #expect(error(text(least - 1)).contains(wanted))
        #expect(error(text(most + 1)).contains(wanted))
        return
      }
      let members = try #require(value.object)
      #expect(members.map(\.key).sorted() == properties.map(\.key).sorted(), "\(path)")
      #expect(schema["additionalProperties"]?.content == .bool(false))
      for property in properties { try compare(property.value, try #require(value[property.key]), path + [property.key]) }
    }
    try compare(schema, file, [])
    #expect(leaves > 30)
  }

  /// The ready file with filters: what is written there are the defaults, and the schema knows the reader's keys.
  @Test func filtersAreRead() throws {
    let launch = try LaunchDescription.load(root.appendingPathComponent("launch/filter.json5").path)
    var expected = LaunchDescription.Filter()
    expected.role.count = 1
    let worker = root.appendingPathComponent("ipc-schema/examples/worker.py").standardizedFileURL.path
    let command = try #require(launch.filters["invert"]?.command)
    #expect(command.count == 4 && command[0].hasPrefix("/") && command[0].hasSuffix("/python3") && command[1] == worker)
    expected.command = command
    #expect(launch.filters == ["invert": expected])
    let schema = try JSONReader.read(try System.readFile(root.appendingPathComponent("launch/schema.json").path))
    let filter = try #require(schema["properties"]?["workers"]?["properties"]?["filters"]?["additionalProperties"])
    #expect(filter["properties"]?.object?.map(\.key).sorted() == LaunchReader.filterKeys.sorted())
    let text =
      "{ workers: { filters: { 'a-b': { count: 3, credit: 5, memory: '8MiB', waitSeconds: 9, nice: 0, deadlineSeconds: 60 } } } }"
    let own = try #require(try load(text).filters["a-b"])
    #expect((own.count, own.role.credit, own.memory, own.waitSeconds, own.role.deadlineSeconds) == (0, 5, 8 << 20, 9, 60))
  }

  @Test(arguments: [
    ("'a b': {}", "workers.filters: \"a b\" is not a filter's name"),
    ("a: { comand: [] }", "workers.filters.a: unknown key \"comand\""),
    ("a: { command: [] }", "workers.filters.a.command: must be a list"),
    ("a: { command: [1] }", "workers.filters.a.command: must be strings"),
    ("a: { command: ['no-such-program-of-anybody'] }", "no-such-program-of-anybody: no such program"),
    ("a: { count: 0 }", "workers.filters.a.count: must be a whole number from 1 to 32"),
    ("a: { memory: 5 }", "workers.filters.a.memory: must be a size"),
    ("a: { waitSeconds: 0 }", "workers.filters.a.waitSeconds: must be a whole number from 1 to 86400"),
  ])
  func mistakesInFiltersAreNamed(_ text: String, _ say: String) {
    let line = error("{ workers: { filters: { \(text) } } }")
    #expect(line.contains(say), "\(line)")
  }

  @Test func valuesAreRead() throws {
    let launch = try load(
      """
      { memory: '512MiB', workers: {
          decoder: {count: 2, credit: 5, threads: 4, restarts: 0, deadlineSeconds: 60, nice: 19},
          encoder: {count: "auto"}, } }
      """)
    #expect(launch.memory == 512 << 20)
    #expect(launch.decodeThreads == 4)
    #expect(
      launch.decoder == LaunchDescription.Role(count: 2, credit: 5, restarts: 0, deadlineSeconds: 60, nice: 19))
    #expect(launch.encoder == LaunchDescription().encoder)
    #expect(launch.renderer == LaunchDescription().renderer)
    #expect(try load("{}") == LaunchDescription())
  }

  @Test func errorsNameThePlaceAndWhatWouldDo() throws {
    #expect(error("[]").contains("must be an object, not an array"))
    #expect(error("{\n  onFull: 'never' }").hasPrefix("2:11: onFull: must be \"block\" or \"drop-oldest\""))
    #expect(error("{pace: 1}").contains("pace: must be \"fast\" or \"realtime\""))
    #expect(error("{encoderCommand: ''}").contains("encoderCommand: must be a command"))
    #expect(error("{workers: {renderer: {count: 'per-source'}}}").contains("workers.renderer.count: must be a whole number"))
    #expect(error("{output: 'nowhere'}").contains("output: must be \"file\" or \"store\""))
    #expect(error("{memory: 5}").contains("memory: must be a size such as \"512MiB\""))
    #expect(error("{memory: 'much'}").contains("memory: must be a size"))
    #expect(error("{workers: 3}").contains("workers: must be an object, not a number"))
    #expect(error("{workers: {muxer: {}}}").contains("unknown key \"muxer\"; it knows decoder, renderer, encoder"))
    let keys = "onFull, pace, encoderCommand, output, memory, workers"
    #expect(error("{worker: {}}").contains("unknown key \"worker\"; it knows \(keys)"))
    #expect(error("{workers: {renderer: {threads: 2}}}").contains("unknown key \"threads\""))
    #expect(error("{workers: {decoder: {count: 1.5}}}").contains("workers.decoder.count: must be a whole number from 1 to 32"))
    #expect(error("{workers: {decoder: {count: 'many'}}}").contains("must be a whole number"))
    #expect(error("{workers: {decoder: {nice: true}}}").contains("workers.decoder.nice"))
    #expect(error("{ onFull: ").hasPrefix("1:"))
    let missing = #expect(throws: SluiceError.self) { try LaunchDescription.load("/nowhere/x.json5") }
    #expect(missing?.code == .noInput)
    #expect(missing?.place == "/nowhere/x.json5")
  }
}
