import CSluice
import SlotLedger
import SluiceBase
import SystemBase

/// A launch file: which workers a run starts and how (launch/schema.json). `launch/export.json5` spells out the defaults.
public struct LaunchDescription: Sendable, Equatable {
  /// One role's workers. `count` nil ("auto") follows the machine and the timeline.
  public struct Role: Sendable, Equatable {
    public var count: Int? = nil
    /// Jobs or frames that one worker may have at once; of a decoder: frames before its first that a stream is opened, where
    /// memory allows.
    public var credit: Int
    /// Deaths in a row, without progress in between, after which a worker is still started again; and which a piece of work may
    /// cause before it is quarantined. 0: the first death ends the run.
    public var restarts = 3
    /// Longest silence of its heart, in seconds, before a worker counts as hung.
    public var deadlineSeconds = 10
    /// Longest time without progress, in seconds, while a worker has work and nobody else is waited for.
    public var progressSeconds = 300
    /// Added to the scheduling priority, 0 to 19.
    public var nice = 0
    public var limits = WorkerLimits()

    static let keys = ["count", "credit", "restarts", "deadlineSeconds", "progressSeconds", "nice"]
  }
  /// Whoever is nearer to the output goes first: that keeps the encoder, the longest single thread, at work.
  public var decoder = Role(credit: 12, nice: 10)
  public var renderer = Role(credit: 2, nice: 3)
  public var encoder = Role(credit: 4)
  /// Mixes the sound; its credit counts blocks.
  public var audio = Role(credit: 5, nice: 2)
  /// By the name of the filter.
  public var filters: [String: Filter] = [:]
  /// Threads of each decode stream's codec.
  public var decodeThreads = 1
  /// As many decoders as the timeline has sources, each with its own.
  public var decoderPerSource = false
  /// `onFull: "drop-oldest"`.
  public var dropsOldest = false
  /// `pace: "realtime"`: a frame is begun when its time has come.
  public var isRealTime = false
  /// Shell command of an external encoder, which reads the frames on its standard input; nil: ours. Its environment has the
  /// output's name in SLUICE_OUTPUT.
  public var encoderCommand: String? = nil
  /// `output: "store"`: finished segments go into the store and nowhere else; no output file is made.
  public var storeOnly = false
  /// Bytes; nil: `--memory` or its default.
  public var memory: UInt64? = nil

  public init() {}

  /// A filter's is that of filters which the file doesn't name; see `role(of:)`.
  func role(_ role: WorkerRole) -> Role {
    switch role {
    case .decoder: decoder
    case .renderer: renderer
    case .encoder, .soundEncoder: encoder
    case .audio: audio
    case .filter: Filter().role
    }
  }

  /// The defaults for nil, else the file's. Throws 66 and 65 with the place in the file.
  public static func load(_ path: String?) throws(SluiceError) -> LaunchDescription {
    guard let path else { return LaunchDescription() }
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try System.readFile(path, limit: 1 << 20)
    } catch {
      throw SluiceError(.noInput, error.reason, at: path)
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(bytes)
    } catch {
      throw SluiceError(.badInput, error.what, at: "\(path):\(error.line):\(error.column)")
    }
    return try LaunchReader(path: path, bytes: bytes).read(value)
  }
}

/// Reads the members of a launch file; the first error ends it.
struct LaunchReader {
  let path: String
  let bytes: [UInt8]

  func fail(_ what: String, at value: JSONValue, _ place: String, advice: String = "") -> SluiceError {
    let position = JSONReader.position(of: value.offset, in: bytes)
    let file = "\(path):\(position.line):\(position.column)"
    return SluiceError(.badInput, what, at: place.isEmpty ? file : "\(file): \(place)", advice: advice)
  }

  func members(_ value: JSONValue, _ place: String, _ keys: [String]) throws(SluiceError) -> [JSONMember] {
    guard let members = value.object else { throw fail("must be an object, not \(value.kind)", at: value, place) }
    for member in members where !keys.contains(member.key) {
      throw fail(
        "unknown key \"\(member.key)\"", at: value, place, advice: "it knows " + keys.joined(separator: ", "))
    }
    return members
  }

  func read(_ value: JSONValue) throws(SluiceError) -> LaunchDescription {
    var launch = LaunchDescription()
    for member in try members(value, "", ["onFull", "pace", "encoderCommand", "output", "memory", "workers"]) {
      switch member.key {
      case "onFull":
        launch.dropsOldest = try choice(member.value, "onFull", ["block", "drop-oldest"]) == "drop-oldest"
      case "pace": launch.isRealTime = try choice(member.value, "pace", ["fast", "realtime"]) == "realtime"
      case "output": launch.storeOnly = try choice(member.value, "output", ["file", "store"]) == "store"
      case "encoderCommand": launch.encoderCommand = try shellCommand(member.value)
      case "memory":
        guard let text = member.value.string, let size = ByteSize.parse(text) else {
          throw fail("must be a size such as \"512MiB\"", at: member.value, "memory")
        }
        launch.memory = size
      default:
        for role in try members(member.value, "workers", ["decoder", "renderer", "encoder", "audio", "filters"]) {
          switch role.key {
          case "decoder":
            launch.decoderPerSource = role.value["count"]?.string == "per-source"
            try read(role.value, "workers.decoder", &launch.decoder, threads: &launch.decodeThreads)
          case "renderer": try read(role.value, "workers.renderer", &launch.renderer)
          case "audio":
            // There is one, whatever the machine.
            try read(
              role.value, "workers.audio", &launch.audio, keys: LaunchDescription.Role.keys.filter { $0 != "count" })
          case "filters": launch.filters = try filters(role.value, "workers.filters")
          default: try read(role.value, "workers.encoder", &launch.encoder)
          }
        }
      }
    }
    return launch
  }

  private func read(_ value: JSONValue, _ place: String, _ role: inout LaunchDescription.Role, threads: inout Int)
    throws(SluiceError)
  {
    for member in try members(value, place, LaunchDescription.Role.keys + ["threads"] + WorkerLimits.keys) {
      if member.key == "count", member.value.string == "per-source" {
        role.count = nil
      } else if member.key == "threads" {
        threads = try integer(member.value, "\(place).threads", 1...64)
      } else {
        try set(member, place, &role)
      }
    }
  }

  private func read(
    _ value: JSONValue, _ place: String, _ role: inout LaunchDescription.Role, keys: [String] = LaunchDescription.Role.keys
  ) throws(SluiceError) {
    for member in try members(value, place, keys + WorkerLimits.keys) {
      try set(member, place, &role)
    }
  }

  func set(_ member: JSONMember, _ place: String, _ role: inout LaunchDescription.Role) throws(SluiceError) {
    let key = "\(place).\(member.key)"
    switch member.key {
    case "count": role.count = member.value.string == "auto" ? nil : try integer(member.value, key, 1...32)
    case "credit": role.credit = try integer(member.value, key, 1...64)
    case "restarts": role.restarts = try integer(member.value, key, 0...1000)
    case "deadlineSeconds": role.deadlineSeconds = try integer(member.value, key, 1...3600)
    case "progressSeconds": role.progressSeconds = try integer(member.value, key, 1...86400)
    case "nice": role.nice = try integer(member.value, key, 0...19)
    default: try set(member, key, &role.limits)
    }
  }

  private func set(_ member: JSONMember, _ key: String, _ limits: inout WorkerLimits) throws(SluiceError) {
    switch member.key {
    case "containment":
      guard let text = member.value.string, ["full", "off"].contains(text) else {
        throw fail("must be \"full\" or \"off\"", at: member.value, key)
      }
      limits.isContained = text == "full"
    case "memoryLimit":
      guard let text = member.value.string, text == "auto" || ByteSize.parse(text) ?? 0 >= 64 << 20 else {
        throw fail("must be \"auto\", or a size from \"64MiB\" on", at: member.value, key)
      }
      limits.memory = text == "auto" ? nil : ByteSize.parse(text)
    case "cpus": limits.cpus = member.value.string == "auto" ? nil : try integer(member.value, key, 1...1024)
    default:
      guard case .bool(let value) = member.value.content else { throw fail("must be true or false", at: member.value, key) }
      limits.dumpsCore = value
    }
  }

  func integer(_ value: JSONValue, _ place: String, _ range: ClosedRange<Int64>) throws(SluiceError) -> Int {
    guard let number = value.number?.integer, range.contains(number) else {
      throw fail("must be a whole number from \(range.lowerBound) to \(range.upperBound)", at: value, place)
    }
    return Int(number)
  }
}
