import CSluice
import SluiceBase

/// A worker's lease: the page that it alone writes and the supervisor reads.
public enum LeaseLayout {
  public static func bytes(slotCount: Int) -> Int { MemoryLayout<sluice_lease>.size + slotCount * 8 }
}

/// The worker's side. Any of its threads may call it; each word is stored whole.
public final class LeaseWriter: StageCounters, @unchecked Sendable {
  // Sendable: words are atomic; `done` and `released` of a slot belong to the thread that owns the slot.
  private let region: SharedRegion
  private let lease: UnsafeMutablePointer<sluice_lease>
  private let done: UnsafeMutablePointer<UInt32>
  private let released: UnsafeMutablePointer<UInt32>
  private let slotCount: Int

  public init(_ region: SharedRegion, worker: Int, slotCount: Int) throws(SluiceError) {
    guard region.writable, region.bytes >= LeaseLayout.bytes(slotCount: slotCount) else {
      throw SluiceError(.software, "lease region is too small or read-only")
    }
    self.region = region
    self.slotCount = slotCount
    lease = region.base.assumingMemoryBound(to: sluice_lease.self)
    done = (region.base + MemoryLayout<sluice_lease>.size).assumingMemoryBound(to: UInt32.self)
    released = done + slotCount
    lease.pointee.worker = UInt32(worker)
    lease.pointee.slot_count = UInt32(slotCount)
    lease.pointee.done_offset = UInt64(MemoryLayout<sluice_lease>.size)
    lease.pointee.released_offset = UInt64(MemoryLayout<sluice_lease>.size + slotCount * 4)
    beat()
    sluice_store_release64(&lease.pointee.magic, UInt64(SLUICE_MAGIC_LEASE))
  }

  public func beat() { sluice_store_release64(&lease.pointee.heartbeat, sluice_now_ns()) }

  /// Release: the supervisor that acquires `done[slot]` and the consumers it then tells see the pixels and the header.
  public func markDone(_ slot: UInt32, _ generation: UInt32) {
    guard slot < slotCount else { return }
    sluice_store_release32(done + Int(slot), generation)
  }

  /// One use of the slot less; the count runs on, whatever the generation. Release: our last read of the pixels comes before
  /// any writer that is granted the slot afterwards.
  public func markReleased(_ slot: UInt32) {
    guard slot < slotCount else { return }
    sluice_add_release32(released + Int(slot), 1)
  }

  /// Keeps a line for the user; returns its number, which the WARN or FAIL message carries. Only one thread may call it.
  public func text(_ line: String) -> UInt64 {
    let number = lease.pointee.text_count
    withUnsafeMutableBytes(of: &lease.pointee.text) { raw in
      let size = Int(SLUICE_TEXT_BYTES)
      let start = Int(number % UInt64(SLUICE_TEXT_COUNT)) * size
      let utf8 = Array(line.utf8.prefix(size - 1))
      for i in 0..<size { raw[start + i] = i < utf8.count ? utf8[i] : 0 }
    }
    sluice_store_release64(&lease.pointee.text_count, number + 1)
    return number
  }

  /// An audio worker's, as it is now. Only one thread may call it.
  public func set(_ profile: AudioProfile) {
    lease.pointee.audio_quanta = profile.quanta
    lease.pointee.audio_load_average_ppm = AudioProfile.whole(profile.averageLoad * 1e6)
    lease.pointee.audio_load_peak_ppm = AudioProfile.whole(profile.peakLoad * 1e6)
    lease.pointee.audio_underruns = profile.underruns
    lease.pointee.audio_underrun_ns = AudioProfile.whole(profile.underrunSeconds * 1e9)
    lease.pointee.audio_latency_ns = AudioProfile.whole(profile.latencySeconds * 1e9)
    lease.pointee.audio_allocations = profile.allocations
    lease.pointee.audio_pool_pressure = UInt64(clamping: profile.poolPressure)
    lease.pointee.audio_loudness_mlufs = Int64((max(-1000, min(1000, profile.loudness ?? 0)) * 1000).rounded())
    lease.pointee.audio_true_peak_mdb = Int64((max(-1000, min(1000, profile.truePeak ?? 0)) * 1000).rounded())
  }

  public func add(_ counter: StageCounter, _ amount: UInt64) {
    switch counter {
    case .frames: sluice_add_relaxed64(&lease.pointee.frames, amount)
    case .busyNanoseconds: sluice_add_relaxed64(&lease.pointee.busy_ns, amount)
    case .blockedNanoseconds: sluice_add_relaxed64(&lease.pointee.blocked_ns, amount)
    case .directFrames: sluice_add_relaxed64(&lease.pointee.direct_frames, amount)
    case .fallbackFrames: sluice_add_relaxed64(&lease.pointee.fallback_frames, amount)
    case .copiedBytes: sluice_add_relaxed64(&lease.pointee.copied_bytes, amount)
    case .buffersCreated: sluice_add_relaxed64(&lease.pointee.buffers_created, amount)
    case .damagedFrames: sluice_add_relaxed64(&lease.pointee.damaged_frames, amount)
    }
  }
}

/// The supervisor's side: reads only, believes nothing.
public final class LeaseReader {
  public let region: SharedRegion
  private let lease: UnsafeMutablePointer<sluice_lease>
  private let slotCount: Int

  public init(_ region: SharedRegion, slotCount: Int) {
    self.region = region
    self.slotCount = slotCount
    lease = region.base.assumingMemoryBound(to: sluice_lease.self)
  }

  public var heartbeat: UInt64 { sluice_load_acquire64(&lease.pointee.heartbeat) }

  public func done(_ slot: Int) -> UInt32 { word(slot) }
  /// Uses of the slot that the worker has let go since it attached; wraps round.
  public func released(_ slot: Int) -> UInt32 { word(slotCount + slot) }
  // The tables' place is fixed by the layout that the supervisor made, not by the offsets in the page.
  private func word(_ index: Int) -> UInt32 {
    sluice_load_acquire32((region.base + MemoryLayout<sluice_lease>.size).assumingMemoryBound(to: UInt32.self) + index)
  }

  /// An audio worker's.
  public var audioProfile: AudioProfile {
    let page = lease.pointee
    var profile = AudioProfile()
    profile.quanta = page.audio_quanta
    profile.averageLoad = Double(page.audio_load_average_ppm) / 1e6
    profile.peakLoad = Double(page.audio_load_peak_ppm) / 1e6
    profile.underruns = page.audio_underruns
    profile.underrunSeconds = Double(page.audio_underrun_ns) / 1e9
    profile.latencySeconds = Double(page.audio_latency_ns) / 1e9
    profile.allocations = page.audio_allocations
    profile.poolPressure = Int(min(page.audio_pool_pressure, 2))
    guard page.audio_loudness_mlufs != 0 else { return profile }
    profile.loudness = Double(page.audio_loudness_mlufs) / 1000
    profile.truePeak = Double(page.audio_true_peak_mdb) / 1000
    return profile
  }

  public func text(_ number: UInt64) -> String {
    withUnsafeBytes(of: &lease.pointee.text) { raw in
      let size = Int(SLUICE_TEXT_BYTES)
      let start = Int(number % UInt64(SLUICE_TEXT_COUNT)) * size
      return String(decoding: raw[start..<start + size].prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  public func value(_ counter: StageCounter) -> UInt64 {
    switch counter {
    case .frames: sluice_load_acquire64(&lease.pointee.frames)
    case .busyNanoseconds: sluice_load_acquire64(&lease.pointee.busy_ns)
    case .blockedNanoseconds: sluice_load_acquire64(&lease.pointee.blocked_ns)
    case .directFrames: sluice_load_acquire64(&lease.pointee.direct_frames)
    case .fallbackFrames: sluice_load_acquire64(&lease.pointee.fallback_frames)
    case .copiedBytes: sluice_load_acquire64(&lease.pointee.copied_bytes)
    case .buffersCreated: sluice_load_acquire64(&lease.pointee.buffers_created)
    case .damagedFrames: sluice_load_acquire64(&lease.pointee.damaged_frames)
    }
  }
}
