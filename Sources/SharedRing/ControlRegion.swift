import CSluice
import FrameModel
import SlotLedger
import SluiceBase

/// The supervisor's side of the control region: the only writer of ring descriptors, slot table and job records.
/// Used from the supervisor's one thread.
public final class ControlRegionWriter {
  public let region: SharedRegion
  public let slotCount: Int
  public let jobCount: Int
  private let slotOffset: Int
  private let jobOffset: Int

  public init(rings: [RingDescription], jobCount: Int, epoch: UInt64) throws(SluiceError) {
    slotCount = rings.reduce(0) { $0 + $1.slotCount }
    self.jobCount = jobCount
    let ringOffset = MemoryLayout<sluice_control>.size
    slotOffset = ringOffset + Int(SLUICE_MAX_RINGS) * MemoryLayout<sluice_ring>.size
    jobOffset = slotOffset + slotCount * MemoryLayout<sluice_slot>.size
    region = try SharedRegion.create(
      bytes: jobOffset + jobCount * MemoryLayout<sluice_job>.size, writers: .maker)

    var header = sluice_control()
    header.abi_major = UInt16(SLUICE_ABI_MAJOR)
    header.abi_minor = UInt16(SLUICE_ABI_MINOR)
    header.ring_count = UInt32(rings.count)
    header.bytes = UInt64(region.bytes)
    header.epoch = epoch
    header.slot_count = UInt32(slotCount)
    header.job_count = UInt32(jobCount)
    header.ring_offset = UInt64(ringOffset)
    header.slot_offset = UInt64(slotOffset)
    header.job_offset = UInt64(jobOffset)
    region.base.storeBytes(of: header, as: sluice_control.self)
    for (index, ring) in rings.enumerated() {
      var entry = sluice_ring()
      entry.epoch = 1
      entry.fill_role = ring.fillRole.wire
      entry.first_slot = UInt32(ring.firstSlot)
      entry.slot_count = UInt32(ring.slotCount)
      entry.slot_bytes = UInt64(ring.slotBytes)
      entry.bytes = UInt64(ring.bytes)
      (region.base + ringOffset).storeBytes(of: entry, toByteOffset: index * MemoryLayout<sluice_ring>.size, as: sluice_ring.self)
      for slot in ring.firstSlot..<ring.firstSlot + ring.slotCount {
        slotPointer(slot).pointee.ring = UInt32(index)
        slotPointer(slot).pointee.stream = UInt32.max
      }
    }
    // Last, with release: a reader that sees the magic (acquire) sees everything above.
    sluice_store_release64(region.base.assumingMemoryBound(to: UInt64.self), UInt64(SLUICE_MAGIC_CONTROL))
  }

  private func slotPointer(_ index: Int) -> UnsafeMutablePointer<sluice_slot> {
    (region.base + slotOffset).assumingMemoryBound(to: sluice_slot.self) + index
  }

  /// Stores a slot's state. The word goes last with release: who acquires it sees holders and frame.
  public func store(_ index: Int, _ slot: Ledger.Slot) {
    let entry = slotPointer(index)
    entry.pointee.frame = slot.frame
    entry.pointee.stream = slot.stream
    sluice_store_release64(&entry.pointee.holders, slot.holders)
    let word = UInt64(slot.generation) << 32 | UInt64(slot.owner) << 8 | UInt64(slot.state.rawValue)
    sluice_store_release64(&entry.pointee.word, word)
  }

  /// Fills a job record; the message that names it is sent afterwards.
  public func store(job index: Int, sequence: UInt64, frame: Int64, slot: UInt32, generation: UInt32, inputs: [sluice_input]) {
    let table = (region.base + jobOffset).assumingMemoryBound(to: sluice_job.self)
    (table + index).fill(sequence: sequence, frame: frame, slot: slot, generation: generation, inputs: inputs)
  }
}

/// A worker's read-only view of the control region. Everything it takes from there is checked once at attach.
public final class ControlRegionReader: @unchecked Sendable {
  // Sendable: read-only after init.
  public let region: SharedRegion
  public let rings: [RingDescription]
  public let slotCount: Int
  public let jobCount: Int
  public let epoch: UInt64
  private let slotOffset: Int
  private let jobOffset: Int

  public init(_ region: SharedRegion) throws(SluiceError) {
    func bad(_ what: String) -> SluiceError { SluiceError(.software, "control region: \(what)") }
    guard region.bytes >= MemoryLayout<sluice_control>.size,
      sluice_load_acquire64(region.base.assumingMemoryBound(to: UInt64.self)) == UInt64(SLUICE_MAGIC_CONTROL)
    else { throw bad("no magic") }
    let header = region.base.load(as: sluice_control.self)
    guard header.abi_major == UInt16(SLUICE_ABI_MAJOR) else { throw bad("ABI \(header.abi_major), not \(SLUICE_ABI_MAJOR)") }
    func fits(_ offset: UInt64, _ count: UInt32, _ stride: Int) -> Bool {
      offset % 8 == 0 && offset <= UInt64(region.bytes) && UInt64(count) * UInt64(stride) <= UInt64(region.bytes) - offset
    }
    guard header.ring_count <= SLUICE_MAX_RINGS, header.slot_count <= SLUICE_MAX_SLOTS,
      fits(header.ring_offset, header.ring_count, MemoryLayout<sluice_ring>.size),
      fits(header.slot_offset, header.slot_count, MemoryLayout<sluice_slot>.size),
      fits(header.job_offset, header.job_count, MemoryLayout<sluice_job>.size)
    else { throw bad("a table lies outside") }
    var rings: [RingDescription] = []
    for index in 0..<Int(header.ring_count) {
      let entry = (region.base + Int(header.ring_offset)).load(
        fromByteOffset: index * MemoryLayout<sluice_ring>.size, as: sluice_ring.self)
      guard UInt64(entry.first_slot) + UInt64(entry.slot_count) <= UInt64(header.slot_count),
        entry.slot_bytes <= 1 << 40, UInt64(entry.slot_count) * entry.slot_bytes == entry.bytes
      else { throw bad("ring \(index) is out of range") }
      guard let role = WorkerRole(wire: entry.fill_role) else { throw bad("ring \(index) is filled by nobody") }
      rings.append(
        RingDescription(
          fillRole: role, firstSlot: Int(entry.first_slot), slotCount: Int(entry.slot_count),
          slotBytes: Int(entry.slot_bytes)))
    }
    self.region = region
    self.rings = rings
    slotCount = Int(header.slot_count)
    jobCount = Int(header.job_count)
    epoch = header.epoch
    slotOffset = Int(header.slot_offset)
    jobOffset = Int(header.job_offset)
  }

  public func ring(ofSlot slot: Int) -> Int? {
    rings.firstIndex { $0.firstSlot <= slot && slot < $0.firstSlot + $0.slotCount }
  }

  /// The generation in a slot's word now.
  public func generation(_ slot: Int) -> UInt32 {
    let entry = (region.base + slotOffset).assumingMemoryBound(to: sluice_slot.self) + slot
    return UInt32(truncatingIfNeeded: sluice_load_acquire64(&entry.pointee.word) >> 32)
  }

  /// A copy of the job record that a RENDER message names. nil when the record is not that job's, or not any more.
  public func job(_ index: Int, sequence: UInt64) -> JobRecord? {
    guard index >= 0, index < jobCount else { return nil }
    let table = (region.base + jobOffset).assumingMemoryBound(to: sluice_job.self)
    return (table + index).copy(sequence: sequence)
  }
}
