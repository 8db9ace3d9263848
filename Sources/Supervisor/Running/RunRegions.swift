import CSluice
import FrameModel
import Plan
import Scheduling
import SharedRing
import SlotLedger
import SluiceBase

/// The compiled plan in shared memory, and its view. Read-only for everybody once it is made.
struct PlanRegion {
  let region: SharedRegion
  let view: PlanView

  init(_ plan: CompiledPlan) throws(SluiceError) {
    let bytes = plan.bytes
    region = try SharedRegion.create(bytes: bytes.count, writers: .maker)
    UnsafeMutableRawBufferPointer(start: region.base, count: bytes.count).copyBytes(from: bytes)
    guard let view = PlanView(UnsafeRawPointer(region.base), count: bytes.count) else {
      throw SluiceError(.software, "the compiled plan is not valid")
    }
    self.view = view
  }
}

/// The shared memory of a run: plan, control region, rings. Used from the supervisor's thread.
final class RunRegions {
  let memory: MemoryPlan
  let plan: PlanRegion
  let control: ControlRegionWriter
  /// Tells this run's regions and messages from any other's.
  let epoch = sluice_random()
  private let rings: [SharedRegion]

  /// Reserves what the lanes need that the run begins with.
  init(_ plan: PlanRegion, _ memory: MemoryPlan, jobCount: Int) throws(SluiceError) {
    self.plan = plan
    self.memory = memory
    control = try ControlRegionWriter(rings: memory.rings, jobCount: jobCount, epoch: epoch)
    var rings: [SharedRegion] = []
    for (ring, slots) in zip(memory.rings, memory.sizes[0].slots) {
      rings.append(
        try SharedRegion.create(bytes: max(ring.bytes, 4096), reserve: slots * ring.slotBytes, writers: .others))
    }
    self.rings = rings
  }

  var slotCount: Int { control.slotCount }

  /// Reserves what so many lanes need. False when the budget or the machine does not allow it.
  func reserve(lanes: Int) -> Bool {
    guard lanes <= memory.laneCapacity else { return false }
    for (index, slots) in memory.sizes(lanes: lanes).slots.enumerated() {
      guard rings[index].reserve(upTo: slots * memory.rings[index].slotBytes) else { return false }
    }
    return true
  }

  /// Writes the ledger's changes into the slot table.
  func mirror(_ scheduler: inout Scheduler) {
    for slot in scheduler.takeChangedSlots() { control.store(slot, scheduler.ledger[slot]) }
  }

  // MARK: what workers are handed

  func makeLease() -> SharedRegion? {
    try? SharedRegion.create(bytes: LeaseLayout.bytes(slotCount: slotCount), writers: .others)
  }

  /// Everything that a role maps, its logs aside.
  func offers(to role: WorkerRole, lease: SharedRegion) -> [OfferedRegion] {
    var regions = [
      OfferedRegion(kind: SLUICE_REGION_CONTROL, ring: 0, region: control.region, writable: false),
      OfferedRegion(kind: SLUICE_REGION_LEASE, ring: 0, region: lease, writable: true),
      OfferedRegion(kind: SLUICE_REGION_PLAN, ring: 0, region: plan.region, writable: false),
    ]
    for (ring, description) in memory.rings.enumerated() where role.sees(description) {
      regions.append(
        OfferedRegion(kind: SLUICE_REGION_RING, ring: ring, region: rings[ring], writable: description.fillRole == role))
    }
    return regions
  }

  // MARK: what slots hold

  /// Reads the frame header in a slot; nil: it does not hold. May be called from any thread.
  var frameReader: @Sendable (Int) -> FrameDescription? {
    let (rings, descriptions) = (rings, memory.rings)
    return { slot in
      guard let ring = descriptions.firstIndex(where: { $0.firstSlot <= slot && slot < $0.firstSlot + $0.slotCount }) else {
        return nil
      }
      let slotBytes = descriptions[ring].slotBytes
      let offset = (slot - descriptions[ring].firstSlot) * slotBytes
      return FrameDescription(reading: rings[ring].base + offset, slotBytes: slotBytes)
    }
  }

  /// The header of a slot of the sound's ring; nil: it does not hold, or the slot is none of that ring.
  func soundBlock(_ slot: Int) -> SoundBlock? {
    guard let index = memory.sound?.ring else { return nil }
    let ring = memory.rings[index]
    guard ring.firstSlot <= slot, slot < ring.firstSlot + ring.slotCount else { return nil }
    let base = UnsafeRawPointer(rings[index].base + (slot - ring.firstSlot) * ring.slotBytes)
    return SoundBlock(reading: base, slotBytes: ring.slotBytes)
  }
}
