/// One ring of a run: slots of one size, filled by workers of one role. Slots are numbered one ring after the other.
public struct RingDescription: Equatable, Sendable {
  public var fillRole: WorkerRole
  public var firstSlot: Int
  public var slotCount: Int
  public var slotBytes: Int
  public var bytes: Int { slotCount * slotBytes }

  public init(fillRole: WorkerRole, firstSlot: Int, slotCount: Int, slotBytes: Int) {
    self.fillRole = fillRole
    self.firstSlot = firstSlot
    self.slotCount = slotCount
    self.slotBytes = slotBytes
  }
}
