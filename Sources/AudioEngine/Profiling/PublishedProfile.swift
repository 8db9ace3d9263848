import Synchronization

/// A profile in atomic words, one each number: written by the rendering thread, read by any.
final class PublishedProfile: @unchecked Sendable {
  // Sendable: the words are atomic, and the pointer never changes.
  private static let count = 16
  private let words: UnsafeMutablePointer<Atomic<UInt64>>

  init() {
    words = .allocate(capacity: Self.count)
    for index in 0..<Self.count { (words + index).initialize(to: Atomic(0)) }
  }

  deinit {
    words.deinitialize(count: Self.count)
    words.deallocate()
  }

  private func put(_ index: Int, _ value: Double) { words[index].store(value.bitPattern, ordering: .relaxed) }
  private func put(_ index: Int, _ value: Int64) { words[index].store(UInt64(bitPattern: value), ordering: .relaxed) }
  private func number(_ index: Int) -> Double { Double(bitPattern: words[index].load(ordering: .relaxed)) }
  private func count(_ index: Int) -> Int64 { Int64(bitPattern: words[index].load(ordering: .relaxed)) }

  func store(_ profile: RenderProfile) {
    put(0, profile.capacity.timestamp)
    put(1, profile.capacity.averageLoad)
    put(2, profile.capacity.peakLoad)
    put(3, profile.capacity.underrunRatio)
    put(4, profile.averageLoad)
    put(5, profile.peakLoad)
    put(6, Int64(profile.quanta))
    put(7, Int64(profile.playback.underrunEvents))
    put(8, profile.playback.underrunDuration)
    put(9, profile.playback.totalFramesDuration)
    put(10, profile.playback.averageLatency)
    put(11, profile.playback.minimumLatency)
    put(12, profile.playback.maximumLatency)
    put(13, Int64(profile.allocations))
    put(14, Int64(profile.allocationsAfterFirstSecond))
    put(15, Int64(profile.poolPressure.rank))
  }

  func load() -> RenderProfile {
    var profile = RenderProfile()
    profile.capacity.timestamp = count(0)
    profile.capacity.averageLoad = number(1)
    profile.capacity.peakLoad = number(2)
    profile.capacity.underrunRatio = number(3)
    profile.averageLoad = number(4)
    profile.peakLoad = number(5)
    profile.quanta = Int(count(6))
    profile.playback.underrunEvents = Int(count(7))
    profile.playback.underrunDuration = number(8)
    profile.playback.totalFramesDuration = number(9)
    profile.playback.averageLatency = number(10)
    profile.playback.minimumLatency = number(11)
    profile.playback.maximumLatency = number(12)
    profile.allocations = Int(count(13))
    profile.allocationsAfterFirstSecond = Int(count(14))
    profile.poolPressure = [.low, .medium, .high][Int(count(15))]
    return profile
  }
}
