import CSluice
import FrameModel

/// SPEC.md's rules of acceptance, as plainly as they can be said: the readers of the products are held to the same vectors.
enum Reader {
  typealias Verdict = Vector.Verdict

  static func frame(_ bytes: [UInt8]) -> FrameDescription? {
    bytes.withUnsafeBytes { raw in
      raw.baseAddress.flatMap { FrameDescription(reading: $0, slotBytes: bytes.count < 256 ? bytes.count : 12288) }
    }
  }

  static func hello(_ bytes: [UInt8]) -> Verdict {
    guard let hello = exactly(sluice_hello.self, bytes) else { return .refuse }
    let fits = hello.magic == SLUICE_MAGIC_HELLO && hello.abi_major == SLUICE_ABI_MAJOR && (1...5).contains(hello.role)
    return fits ? .accept : .refuse
  }

  static func welcome(_ bytes: [UInt8]) -> Verdict {
    guard let welcome = exactly(sluice_welcome.self, bytes) else { return .refuse }
    let ends = withUnsafeBytes(of: welcome.endpoint) { $0.contains(0) }
    let fits =
      welcome.magic == SLUICE_MAGIC_HELLO && welcome.abi_major == SLUICE_ABI_MAJOR && welcome.status == 0
      && welcome.worker < SLUICE_MAX_WORKERS && ends
    return fits ? .accept : .refuse
  }

  /// SLUICE_REGION_OUTPUT: no memory, a descriptor to write to.
  private static let output: UInt32 = 5

  static func region(_ bytes: [UInt8]) -> Verdict {
    guard let region = exactly(sluice_region.self, bytes) else { return .refuse }
    guard (1...5).contains(region.kind) else { return .ignore }
    if region.kind == output { return .accept }
    let readOnly = region.kind == SLUICE_REGION_CONTROL.rawValue || region.kind == SLUICE_REGION_PLAN.rawValue
    let fits = region.bytes > 0 && region.ring < SLUICE_MAX_RINGS && !(readOnly && region.writable != 0)
    return fits ? .accept : .refuse
  }

  static func control(_ bytes: [UInt8]) -> Verdict {
    bytes.withUnsafeBytes { raw in
      guard raw.count >= MemoryLayout<sluice_control>.size else { return .refuse }
      let head = raw.load(as: sluice_control.self)
      guard head.magic == SLUICE_MAGIC_CONTROL, head.abi_major == SLUICE_ABI_MAJOR, head.bytes <= raw.count,
        head.ring_count <= SLUICE_MAX_RINGS, head.slot_count <= SLUICE_MAX_SLOTS,
        inside(head.ring_offset, Int(SLUICE_MAX_RINGS), MemoryLayout<sluice_ring>.stride, head.bytes, 8),
        inside(head.slot_offset, Int(head.slot_count), MemoryLayout<sluice_slot>.stride, head.bytes, 8),
        inside(head.job_offset, Int(head.job_count), MemoryLayout<sluice_job>.stride, head.bytes, 8)
      else { return .refuse }
      var next: UInt64 = 0  // rings take the slots in order
      for index in 0..<Int(head.ring_count) {
        let ring = raw.load(fromByteOffset: Int(head.ring_offset) + index * 32, as: sluice_ring.self)
        let (payload, overflow) = UInt64(ring.slot_count).multipliedReportingOverflow(by: ring.slot_bytes)
        guard ring.first_slot >= next, ring.slot_bytes > 0, ring.slot_bytes % 4096 == 0, !overflow, payload <= ring.bytes
        else { return .refuse }
        next = UInt64(ring.first_slot) + UInt64(ring.slot_count)
      }
      return next <= head.slot_count ? .accept : .refuse
    }
  }

  /// As the supervisor reads the lease of worker 0 in a run of three slots.
  static func lease(_ bytes: [UInt8]) -> Verdict {
    bytes.withUnsafeBytes { raw in
      guard raw.count >= MemoryLayout<sluice_lease>.size else { return .refuse }
      let lease = raw.load(as: sluice_lease.self)
      let tables = UInt64(MemoryLayout<sluice_lease>.size)
      let fits =
        lease.magic == SLUICE_MAGIC_LEASE && lease.worker == 0 && lease.slot_count == 3 && lease.done_offset == tables
        && lease.released_offset == tables + 12 && raw.count >= tables + 24
      return fits ? .accept : .refuse
    }
  }

  /// In the run whose control region is `control`.
  static func message(_ bytes: [UInt8], control: [UInt8]) -> Verdict {
    guard !bytes.isEmpty, bytes.count % 64 == 0 else { return .refuse }
    let verdicts = stride(from: 0, to: bytes.count, by: 64).map { at in
      one(bytes.withUnsafeBytes { $0.load(fromByteOffset: at, as: sluice_message.self) }, control)
    }
    return verdicts.contains(.refuse) ? .refuse : verdicts.contains(.ignore) ? .ignore : .accept
  }

  private static func one(_ m: sluice_message, _ control: [UInt8]) -> Verdict {
    let head = control.withUnsafeBytes { $0.load(as: sluice_control.self) }
    let type = sluice_message_type(UInt32(m.type))
    guard (1...9).contains(m.type) || (32...38).contains(m.type) else { return m.type < 32 ? .ignore : .refuse }
    if type == SLUICE_MSG_READY { return m.arg == head.epoch ? .accept : .ignore }
    if type == SLUICE_MSG_DONE, m.count == 0 || m.frame < 0 { return .refuse }
    var verdict = Verdict.accept
    var slots: [(slot: UInt32, generation: UInt32, state: UInt64)] = []
    switch type {
    case SLUICE_MSG_GRANT, SLUICE_MSG_DONE, SLUICE_MSG_RENDER: slots = [(m.slot, m.generation, 1)]
    case SLUICE_MSG_ENCODE, SLUICE_MSG_RELEASE: slots = [(m.slot, m.generation, 2)]
    case SLUICE_MSG_FILTER: slots = [(m.slot, m.generation, 2), (m.slot2, m.generation2, 1)]
    default: break
    }
    for used in slots {
      guard used.slot < head.slot_count else { return .refuse }
      let (slot, ring) = control.withUnsafeBytes { raw in
        let slot = raw.load(fromByteOffset: Int(head.slot_offset) + Int(used.slot) * 64, as: sluice_slot.self)
        return (slot, raw.load(fromByteOffset: Int(head.ring_offset) + Int(slot.ring) * 32, as: sluice_ring.self))
      }
      let owner = slot.word >> 8 & 0xff
      let mine = used.state == 1 ? owner == m.worker : slot.holders >> m.worker & 1 == 1
      let fresh = slot.word >> 32 == used.generation && slot.word & 0xff == used.state && ring.epoch == m.ring_epoch
      if !mine || !fresh { verdict = .ignore }
    }
    return verdict
  }

  private static func exactly<T>(_ type: T.Type, _ bytes: [UInt8]) -> T? {
    bytes.count == MemoryLayout<T>.size ? bytes.withUnsafeBytes { $0.loadUnaligned(as: type) } : nil
  }

  private static func inside(_ offset: UInt64, _ count: Int, _ size: Int, _ bytes: UInt64, _ alignment: UInt64) -> Bool {
    offset % alignment == 0 && offset <= bytes && UInt64(count * size) <= bytes - offset
  }
}
