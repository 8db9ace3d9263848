import CSluice
import SluiceBase
import SystemBase
import TestKit
import Testing

@testable import SharedRing
@testable import SlotLedger

@Suite struct ControlRegionTests {
  private let rings = [
    RingDescription(fillRole: .decoder, firstSlot: 0, slotCount: 5, slotBytes: 8192),
    RingDescription(fillRole: .renderer, firstSlot: 5, slotCount: 3, slotBytes: 4096),
  ]

  private func writer() throws -> ControlRegionWriter {
    return try ControlRegionWriter(rings: rings, jobCount: 4, epoch: 42)
  }

  private func readOnly(_ region: SharedRegion) throws -> SharedRegion {
    try SharedRegion(
      descriptor: FileDescriptor(sluice_reopen_readonly(region.descriptor.raw)), bytes: region.bytes, writable: false)
  }

  @Test func theReaderSeesWhatTheWriterWrote() throws {
    let writer = try writer()
    let reader = try ControlRegionReader(try readOnly(writer.region))
    #expect(reader.rings == rings)
    #expect(reader.slotCount == 8)
    #expect(reader.jobCount == 4)
    #expect(reader.epoch == 42)
    #expect((0..<8).map { reader.ring(ofSlot: $0) } == [0, 0, 0, 0, 0, 1, 1, 1])
    #expect(reader.ring(ofSlot: 8) == nil)
    #expect(reader.ring(ofSlot: -1) == nil)
    var slot = Ledger.Slot()
    slot.generation = 77
    slot.state = .granted
    slot.owner = 5
    writer.store(6, slot)
    #expect(reader.generation(6) == 77)
    #expect(reader.generation(5) == 0)

    let inputs = [
      sluice_input(stream: 3, slot: 1, generation: 9, reserved: 0),
      sluice_input(stream: 4, slot: UInt32(SLUICE_NO_SLOT), generation: 0, reserved: 0),
    ]
    writer.store(job: 2, sequence: 100, frame: 12, slot: 6, generation: 77, inputs: inputs)
    let job = try #require(reader.job(2, sequence: 100))
    #expect(job.frame == 12)
    #expect(job.slot == 6)
    #expect(job.generation == 77)
    #expect(job.inputs.map(\.stream) == [3, 4])
    #expect(job.inputs.map(\.slot) == [1, UInt32(SLUICE_NO_SLOT)])
    #expect(reader.job(2, sequence: 99) == nil, "an earlier job's record")
    #expect(reader.job(3, sequence: 100) == nil)
    #expect(reader.job(-1, sequence: 0) == nil)
    #expect(reader.job(4, sequence: 0) == nil)
    #expect(reader.job(2, sequence: 0) == nil && reader.job(3, sequence: 0) == nil, "0 is the number of no job")
  }

  /// A late reader copies a record while it is filled for the next jobs: what it gets is one job's, or nothing.
  @Test func aRecordThatIsFilledMeanwhileIsNotTakenForAJob() throws {
    let writer = try writer()
    let reader = try ControlRegionReader(try readOnly(writer.region))
    let last: UInt64 = 30_000
    let filled = Monitor<UInt64>(0)
    // The region is read-only for the reader's side and written by one thread alone.
    nonisolated(unsafe) let pen = writer
    let thread = WorkThread("writer") {
      for sequence in 1...last {
        let part = UInt32(sequence)
        pen.store(
          job: 0, sequence: sequence, frame: Int64(sequence), slot: part, generation: part,
          inputs: (0..<part % 40).map { _ in sluice_input(stream: part, slot: part, generation: part, reserved: 0) })
        filled.with { $0 = sequence }
      }
    }
    var copied = 0
    var torn = 0
    while true {
      let sequence = filled.with { $0 }
      if let job = reader.job(0, sequence: sequence) {
        let part = UInt32(sequence)
        let isWhole =
          job.frame == Int64(sequence) && job.slot == part && job.generation == part && job.inputs.count == Int(part % 40)
          && job.inputs.allSatisfy { $0.stream == part && $0.slot == part && $0.generation == part }
        copied += 1
        if !isWhole { torn += 1 }
      }
      if sequence == last { break }
    }
    thread.join()
    #expect(torn == 0 && copied > 0, "\(torn) of \(copied)")
  }

  @Test func mutatedBytesAreRefusedOrReadInBounds() throws {
    let original = try writer()
    for job in [0, 3] {
      let input = sluice_input(stream: 1, slot: 2, generation: 3, reserved: 0)
      original.store(job: job, sequence: 7, frame: 1, slot: 5, generation: 2, inputs: [input, input])
    }
    let bytes = original.region.bytes
    var random = TestRandom(1)
    var accepted = 0
    let region = try SharedRegion.create(bytes: bytes, writers: .others)
    for _ in 0..<20_000 {
      region.base.copyMemory(from: original.region.base, byteCount: bytes)
      for _ in 0..<random.int(1...4) {
        // Mostly the header and the ring table.
        let at = random.chance(80) ? random.int(0...191) : random.int(0...bytes - 1)
        region.base.storeBytes(of: random.chance(30) ? 0xff : UInt8(random.int(0...255)), toByteOffset: at, as: UInt8.self)
      }
      guard let reader = try? ControlRegionReader(region) else { continue }
      accepted += 1
      for ring in reader.rings { #expect(ring.firstSlot >= 0 && ring.firstSlot + ring.slotCount <= reader.slotCount) }
      for slot in [0, 7, reader.slotCount - 1] where slot >= 0 && slot < reader.slotCount {
        _ = reader.generation(slot)
        _ = reader.ring(ofSlot: slot)
      }
      for job in [-1, 0, 3, reader.jobCount - 1, reader.jobCount] {
        for sequence in [0, 7] as [UInt64] {
          guard let record = reader.job(job, sequence: sequence) else { continue }
          #expect(record.inputs.count <= Int(SLUICE_MAX_INPUTS))
        }
      }
    }
    #expect(accepted > 1000)
  }

  @Test func aShortOrUnreadyRegionIsRefused() throws {
    let empty = try SharedRegion.create(bytes: 4096, writers: .others)
    #expect(throws: SluiceError.self) { try ControlRegionReader(empty) }
    let writer = try writer()
    let cut = try SharedRegion(descriptor: FileDescriptor(dup(writer.region.descriptor.raw)), bytes: 4096, writable: false)
    #expect(throws: SluiceError.self) { try ControlRegionReader(cut) }
    writer.region.base.storeBytes(of: UInt16(SLUICE_ABI_MAJOR + 1), toByteOffset: 8, as: UInt16.self)
    #expect(throws: SluiceError.self) { try ControlRegionReader(writer.region) }
  }
}

@Suite struct LeaseTests {
  @Test func theSupervisorReadsWhatTheWorkerWrote() throws {
    let region = try SharedRegion.create(bytes: LeaseLayout.bytes(slotCount: 10), writers: .others)
    let writer = try LeaseWriter(region, worker: 3, slotCount: 10)
    let reader = LeaseReader(region, slotCount: 10)
    let first = reader.heartbeat
    #expect(first > 0)
    writer.beat()
    #expect(reader.heartbeat >= first)
    writer.markDone(0, 5)
    writer.markDone(9, 6)
    for _ in 0..<7 { writer.markReleased(9) }
    writer.markDone(10, 1)  // out of range: ignored
    writer.markReleased(.max)
    #expect((0..<10).map(reader.done) == [5, 0, 0, 0, 0, 0, 0, 0, 0, 6])
    #expect((0..<10).map(reader.released) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 7])
    for counter in StageCounter.allCases { writer.add(counter, 2) }
    for counter in StageCounter.allCases {
      writer.add(counter, 3)
      #expect(reader.value(counter) == 5)
    }
  }

  @Test func textsGoRoundAndAreCutAtTheirRoom() throws {
    let region = try SharedRegion.create(bytes: LeaseLayout.bytes(slotCount: 1), writers: .others)
    let writer = try LeaseWriter(region, worker: 0, slotCount: 1)
    let reader = LeaseReader(region, slotCount: 1)
    let numbers = (0..<20).map { writer.text("line \($0)") }
    #expect(numbers == Array(0..<20))
    #expect((14..<20).map { reader.text(UInt64($0)) } == (14..<20).map { "line \($0)" })
    let long = writer.text(String(repeating: "x", count: 2000))
    #expect(reader.text(long).utf8.count == Int(SLUICE_TEXT_BYTES) - 1)
    #expect(reader.text(.max).utf8.count < Int(SLUICE_TEXT_BYTES))
    let nonASCII = writer.text(String(repeating: "é", count: 2000))
    #expect(reader.text(nonASCII).unicodeScalars.count == 256)
  }

  @Test func aRegionThatIsTooSmallOrReadOnlyIsRefused() throws {
    let region = try SharedRegion.create(bytes: 4096, writers: .others)
    #expect(throws: SluiceError.self) { try LeaseWriter(region, worker: 0, slotCount: 4096) }
    let readOnly = try SharedRegion(
      descriptor: FileDescriptor(sluice_reopen_readonly(region.descriptor.raw)), bytes: 4096, writable: false)
    #expect(throws: SluiceError.self) { try LeaseWriter(readOnly, worker: 0, slotCount: 4) }
  }
}
