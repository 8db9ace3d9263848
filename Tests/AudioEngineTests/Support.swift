import CAllocationCounter
import SluiceBase
import Testing

@testable import AudioEngine

/// Numbers that are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_f491_4f6c_dd1d
  }
}

/// A graph with enough of everything.
func makeGraph(
  rate: Double = 48000, channels: Int = 2, maximumChannels: Int = 6, buffers: Int = 16, each: Int = 8, maximumDelay: Double = 1
) throws -> AudioGraph {
  var nodes: [NodeKind: Int] = [:]
  for kind in NodeKind.allCases { nodes[kind] = each }
  return try AudioGraph(
    AudioGraph.Configuration(
      sampleRate: rate, channels: channels, maximumChannels: maximumChannels, buffers: buffers, nodes: nodes,
      maximumDelayTime: maximumDelay))
}

/// All channels of the next `frames` frames.
func render(_ graph: AudioGraph, _ frames: Int, block: Int? = nil) throws -> [[Float]] {
  let buffer = PlanarBuffer(channels: graph.configuration.channels, frames: frames)
  let driver = OfflineDriver(graph)
  var done = 0
  while done < frames {
    let count = min(block ?? frames, frames - done)
    try driver.render(into: buffer, from: done, count: count)
    done += count
  }
  return (0..<buffer.channels).map { buffer.array($0) }
}

func noise(channels: Int, frames: Int, seed: UInt64 = 1) -> [[Float]] {
  var generator = SeededGenerator(seed)
  return (0..<channels).map { _ in (0..<frames).map { _ in Float.random(in: -1...1, using: &generator) } }
}

extension AudioGraph {
  /// A source that plays these planes from frame 0 on.
  func play(_ planes: [[Float]], at frame: Int64 = 0) throws -> SourceNode {
    let source = try makeSource(MemoryProvider(PlanarBuffer(planes)))
    source.start(frame)
    return source
  }
}

/// The largest difference of two signals.
func difference(_ a: [Float], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  var largest = 0.0
  for (x, y) in zip(a, b) { largest = max(largest, (Double(x) - y).magnitude) }
  return largest
}

let allocationProbe: AllocationProbe? = sluice_allocations_are_counted() ? AllocationProbe(sluice_allocation_count) : nil
