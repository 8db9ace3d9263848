import CSluice
import EncodeStage
import Foundation
import FrameModel
import SharedRing
import SluiceBase
import SystemBase

/// A slot in this process's memory, with a moving synthetic picture in it.
final class FakeSlot {
  let memory: UnsafeMutableRawPointer
  let bytes: Int
  let description: FrameDescription

  init(_ format: PixelFormat, _ width: Int, _ height: Int, seed: Int, smooth: Bool = false) {
    let layout = PlaneLayout(format, width: width, height: height)
    bytes = PlaneLayout.slotBytes(layout.bytes + 64)
    memory = .allocate(byteCount: bytes, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0xee, count: bytes)
    description = FrameDescription(format: format, width: width, height: height)
    description.write(to: memory)
    let top = (1 << format.depth) - 1
    for (index, plane) in layout.planes.enumerated() {
      for y in 0..<plane.height {
        for x in 0..<plane.width {
          let wave =
            smooth ? x * top / max(plane.width - 1, 1) / (index + 1) + y * top / plane.height / 4 : x * 7 + y * 13 + (x * y) / 9
          let value = smooth ? top / 8 + wave % (top / 2) : (wave + seed * (5 + index) + index * 40) & top
          let at = memory + plane.offset + y * plane.stride + x * format.bytesPerSample
          if format.depth > 8 {
            at.storeBytes(of: UInt16(value), as: UInt16.self)
          } else {
            at.storeBytes(of: UInt8(value), as: UInt8.self)
          }
        }
      }
    }
  }

  deinit { memory.deallocate() }

  var readable: ReadableSlot { ReadableSlot(index: 0, generation: 1, memory: memory, bytes: bytes) }

  /// The picture without padding, planes in the order of `order` (FFmpeg's G B R for gbrp).
  func packed(order: [Int]? = nil) -> Data {
    let layout = PlaneLayout(description.format, width: description.width, height: description.height)
    var out = Data()
    for index in order ?? Array(layout.planes.indices) {
      let plane = layout.planes[index]
      for y in 0..<plane.height {
        out.append(Data(bytes: memory + plane.offset + y * plane.stride, count: plane.width * description.format.bytesPerSample))
      }
    }
    return out
  }
}

/// Counts how often each slot was released.
final class Releases: Sendable {
  private let counts = Monitor<[Int: Int]>([:])
  func closure(_ index: Int) -> @Sendable () -> Void { { self.counts.with { $0[index, default: 0] += 1 } } }
  var all: [Int: Int] { counts.with { $0 } }
  func areOnce(_ count: Int) -> Bool { all.count == count && all.values.allSatisfy { $0 == 1 } }
}

final class FakeCounters: StageCounters {
  private let values = Monitor<[StageCounter: UInt64]>([:])
  func add(_ counter: StageCounter, _ amount: UInt64) { values.with { $0[counter, default: 0] += amount } }
  subscript(_ counter: StageCounter) -> UInt64 { values.with { $0[counter] ?? 0 } }
}

struct TemporaryFolder: ~Copyable {
  let path: String
  init() {
    path = NSTemporaryDirectory() + "sluice-encode-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

func settings(
  _ codec: String, _ format: String, _ width: Int = 160, _ height: Int = 96, rate: Rational = Rational(25),
  options: [(String, String)] = []
) -> OutputSettings {
  var settings = OutputSettings()
  settings.codec = codec
  settings.format = format
  settings.width = width
  settings.height = height
  settings.rate = rate
  settings.options = options.map { OutputSettings.Option($0.0, $0.1) }
  return settings
}

struct Encoded {
  var bytes: UInt64
  var releases: Releases
  var counters: FakeCounters
  var slots: [FakeSlot]
}

/// Encodes `count` synthetic pictures into the file at `path`.
func encode(
  _ settings: OutputSettings, input: PixelFormat = .yuv420p, count: Int, to path: String, smooth: Bool = false
) throws -> Encoded {
  signal(SIGPIPE, SIG_IGN)
  let fd = FileDescriptor(sluice_open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600))
  let counters = FakeCounters()
  let output = try VideoOutput(settings: settings, input: input, fd: fd.raw, counters: counters)
  let releases = Releases()
  let slots = (0..<count).map { FakeSlot(input, settings.width, settings.height, seed: $0, smooth: smooth) }
  for (index, slot) in slots.enumerated() {
    try output.encode(slot.readable, description: slot.description, number: Int64(index), release: releases.closure(index))
  }
  let bytes = try output.finish()
  return Encoded(bytes: bytes, releases: releases, counters: counters, slots: slots)
}

/// Runs a program and returns what it wrote to standard output.
func run(_ program: String, _ arguments: [String], input: Data? = nil) throws -> Data {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardInput = FileHandle.nullDevice
  process.standardError = FileHandle.standardError
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw RunFailed(program: program, status: process.terminationStatus) }
  return data
}

struct RunFailed: Error {
  let program: String
  let status: Int32
}

/// Decoded pictures, packed, as the ffmpeg program has them.
func decode(_ path: String, pixelFormat: String, input: [String] = [], filter: String? = nil) throws -> Data {
  let filters = filter.map { ["-vf", $0] } ?? []
  return try run(
    "ffmpeg",
    ["-v", "error"] + input + ["-i", path] + filters
      + ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", pixelFormat, "-"])
}

/// Fields of the first stream by ffprobe.
func probe(_ path: String, _ entries: String) throws -> [String: String] {
  let data = try run(
    "ffprobe",
    [
      "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries", "stream=\(entries)", "-of", "default=nw=1",
      path,
    ])
  var fields: [String: String] = [:]
  for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
    let parts = line.split(separator: "=", maxSplits: 1)
    if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
  }
  return fields
}

/// Times of the frames in presentation order, seconds.
func times(_ path: String) throws -> [Double] {
  let data = try run(
    "ffprobe", ["-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0", path])
  return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { Double($0.filter { $0 != "," }) }
}

/// The error that `body` throws, as the user reads it.
func failure(_ body: () throws -> Void) -> SluiceError? {
  do {
    try body()
    return nil
  } catch {
    return error as? SluiceError
  }
}
