import CSluice
import SlotLedger
import SystemBase
import TestKit
import Testing

@testable import SharedRing

/// A worker's side of the ring, in this process or in another one.
protocol RingPeer {
  /// Writes `value` over the whole payload of a slot.
  func fill(_ slot: Int, _ value: UInt64)
  func done(_ slot: Int, _ generation: UInt32)
  func released(_ slot: Int)
  /// The value that the whole payload of a slot holds; nil when it holds several.
  func read(_ slot: Int) -> UInt64?
  /// Generation and state in the slot's word.
  func word(_ slot: Int) -> (generation: UInt32, state: UInt8)
  /// Ends without a word.
  func crash()
}

/// The supervisor's side: ledger, control region, payload, and the lease of one worker.
final class RingRig {
  static let slots = 6
  static let slotBytes = 8192
  static let worker = 7
  var ledger = Ledger(rings: [RingRig.slots])
  let control: ControlRegionWriter
  let payload: SharedRegion
  let leaseRegion: SharedRegion
  let lease: LeaseReader
  /// Releases that the ledger knows of.
  var seen = [UInt32](repeating: 0, count: RingRig.slots)

  init() throws {
    control = try ControlRegionWriter(
      rings: [
        RingDescription(
          fillRole: .decoder, firstSlot: 0, slotCount: Self.slots, slotBytes: Self.slotBytes)
      ], jobCount: 1, epoch: 1)
    payload = try SharedRegion.create(bytes: Self.slots * Self.slotBytes, writers: .others)
    leaseRegion = try SharedRegion.create(bytes: LeaseLayout.bytes(slotCount: Self.slots), writers: .others)
    lease = LeaseReader(leaseRegion, slotCount: Self.slots)
  }

  func mirror() { for slot in ledger.takeChanged() { control.store(slot, ledger[slot]) } }

  func grant() -> Int? {
    defer { mirror() }
    return ledger.grant(ring: 0, to: Self.worker, stream: 1, frame: 0)
  }

  /// What a DONE message makes the supervisor do: the lease decides.
  func takeDone(_ slot: Int) -> Bool {
    defer { mirror() }
    let generation = ledger[slot].generation
    guard lease.done(slot) == generation else { return false }
    guard ledger.publish(slot, generation: generation, owner: Self.worker, frame: 0) else { return false }
    ledger.hold(slot, by: Self.worker)
    return true
  }

  func takeRelease(_ slot: Int) -> Bool {
    defer { mirror() }
    guard lease.released(slot) != seen[slot] else { return false }
    seen[slot] &+= 1
    return ledger.release(slot, by: Self.worker)
  }

  /// The worker is dead: every slot is looked at once. Returns how many held a whole frame.
  func reclaim() -> Int {
    var whole = 0
    for slot in 0..<Self.slots {
      let entry = ledger[slot]
      switch entry.state {
      case .free: break
      case .granted:
        if lease.done(slot) == entry.generation {
          whole += 1
          _ = ledger.publish(slot, generation: entry.generation, owner: Self.worker, frame: 0)
          ledger.hold(slot, by: Ledger.queue)
        } else {
          ledger.revoke(slot)
        }
      case .ready: ledger.reclaim(slot, from: Self.worker)
      }
    }
    mirror()
    return whole
  }
}

struct LocalPeer: RingPeer {
  let payload: SharedRegion
  let lease: LeaseWriter
  let control: ControlRegionReader

  init(_ rig: RingRig) throws {
    payload = rig.payload
    lease = try LeaseWriter(rig.leaseRegion, worker: RingRig.worker, slotCount: RingRig.slots)
    control = try ControlRegionReader(rig.control.region)
  }

  private func words(_ slot: Int) -> UnsafeMutableBufferPointer<UInt64> {
    let base = (payload.base + slot * RingRig.slotBytes).assumingMemoryBound(to: UInt64.self)
    return UnsafeMutableBufferPointer(start: base, count: RingRig.slotBytes / 8)
  }
  func fill(_ slot: Int, _ value: UInt64) { words(slot).update(repeating: value) }
  func done(_ slot: Int, _ generation: UInt32) { lease.markDone(UInt32(slot), generation) }
  func released(_ slot: Int) { lease.markReleased(UInt32(slot)) }
  func read(_ slot: Int) -> UInt64? {
    let words = words(slot)
    return words.allSatisfy { $0 == words[0] } ? words[0] : nil
  }
  func word(_ slot: Int) -> (generation: UInt32, state: UInt8) {
    let offset = MemoryLayout<sluice_control>.size + Int(SLUICE_MAX_RINGS) * MemoryLayout<sluice_ring>.size
    let state = control.region.base.load(fromByteOffset: offset + slot * MemoryLayout<sluice_slot>.size, as: UInt8.self)
    return (control.generation(slot), state)
  }
  func crash() {}
}

/// The same in python3, with nothing but the layout of ipc-schema/sluice_ipc.h.
struct RemotePeer: RingPeer {
  let python: PythonPeer

  init(_ rig: RingRig) throws {
    python = try PythonPeer(
      """
      import array, mmap, socket, struct
      s = socket.socket(fileno=3)
      def take():
        data, anc, _, _ = s.recvmsg(64, socket.CMSG_SPACE(4))
        return array.array('i', anc[0][2])[0], struct.unpack('<Q', data)[0]
      def region(writable):
        fd, size = take()
        return memoryview(mmap.mmap(fd, size, prot=mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)))
      control, lease, payload = region(False), region(True), region(True)
      slots, ring_offset, slot_offset = (*struct.unpack_from('<I', control, 32), *struct.unpack_from('<QQ', control, 40))
      slot_bytes = struct.unpack_from('<Q', control, ring_offset + 16)[0]
      tables = lease[256 + 6 * 512:][:slots * 8].cast('I')
      while True:
        data = s.recv(64)
        if not data: break
        op, slot, generation, value = struct.unpack('<cIIQ', data)
        answer = 0
        place = payload[slot * slot_bytes:(slot + 1) * slot_bytes]
        if op == b'F': place[:] = struct.pack('<Q', value) * (slot_bytes // 8)
        if op == b'D': tables[slot] = generation
        if op == b'L': tables[slots + slot] += 1
        if op == b'R':
          words = place.cast('Q')
          answer = words[0] if len(set(words)) == 1 else 2**64 - 1
        if op == b'W': answer = struct.unpack_from('<Q', control, slot_offset + slot * 64)[0]
        s.send(struct.pack('<Q', answer))
      """)
    let control = FileDescriptor(sluice_reopen_readonly(rig.control.region.descriptor.raw))
    for (descriptor, bytes) in [
      (control.raw, rig.control.region.bytes), (rig.leaseRegion.descriptor.raw, rig.leaseRegion.bytes),
      (rig.payload.descriptor.raw, rig.payload.bytes),
    ] {
      python.send(withUnsafeBytes(of: UInt64(bytes).littleEndian, Array.init), fd: descriptor)
    }
  }

  @discardableResult
  private func ask(_ op: Character, _ slot: Int, _ generation: UInt32 = 0, _ value: UInt64 = 0) -> UInt64 {
    var bytes = [op.asciiValue ?? 0]
    withUnsafeBytes(of: UInt32(slot).littleEndian) { bytes += $0 }
    withUnsafeBytes(of: generation.littleEndian) { bytes += $0 }
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    python.send(bytes)
    let answer = python.receive()
    return answer.count == 8 ? answer.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } : .max
  }

  func fill(_ slot: Int, _ value: UInt64) { ask("F", slot, 0, value) }
  func done(_ slot: Int, _ generation: UInt32) { ask("D", slot, generation) }
  func released(_ slot: Int) { ask("L", slot) }
  func read(_ slot: Int) -> UInt64? {
    let value = ask("R", slot)
    return value == .max ? nil : value
  }
  func word(_ slot: Int) -> (generation: UInt32, state: UInt8) {
    let word = ask("W", slot)
    return (UInt32(truncatingIfNeeded: word >> 32), UInt8(truncatingIfNeeded: word))
  }
  func crash() { python.crash() }
}

/// One suite for both kinds of peer.
@Suite struct RingConformanceTests {
  enum Kind: CaseIterable, Sendable { case inProcess, acrossProcesses }

  private func pair(_ kind: Kind) throws -> (rig: RingRig, peer: any RingPeer) {
    let rig = try RingRig()
    switch kind {
    case .inProcess: return (rig, try LocalPeer(rig))
    case .acrossProcesses: return (rig, try RemotePeer(rig))
    }
  }

  @Test(arguments: Kind.allCases) func theWayOfAFrame(_ kind: Kind) throws {
    let (rig, peer) = try pair(kind)
    var random = TestRandom(5)
    for round in 1...300 as ClosedRange<UInt64> {
      let slot = try #require(rig.grant())
      let generation = rig.ledger[slot].generation
      #expect(peer.word(slot) == (generation, Ledger.State.granted.rawValue))
      peer.fill(slot, round)
      #expect(!rig.takeDone(slot), "not announced yet")
      peer.done(slot, generation)
      #expect(rig.takeDone(slot))
      #expect(!rig.takeDone(slot), "a repeated word changes nothing")
      #expect(peer.word(slot) == (generation, Ledger.State.ready.rawValue))
      #expect(peer.read(slot) == round)
      #expect(rig.payload.base.load(fromByteOffset: slot * RingRig.slotBytes + 8184, as: UInt64.self) == round)
      #expect(!rig.takeRelease(slot))
      peer.released(slot)
      // Others are under way meanwhile.
      if random.chance(50), let other = rig.grant() {
        #expect(other != slot)
        rig.ledger.revoke(other)
      }
      #expect(rig.takeRelease(slot))
      #expect(!rig.takeRelease(slot))
      #expect(peer.word(slot) == (generation, Ledger.State.free.rawValue))
    }
    #expect(rig.ledger.inUse == 0)
    peer.crash()
  }

  @Test(arguments: Kind.allCases) func wordsOfEarlierGrantsAreNotBelieved(_ kind: Kind) throws {
    let (rig, peer) = try pair(kind)
    let slot = try #require(rig.grant())
    let first = rig.ledger[slot].generation
    peer.done(slot, first)
    #expect(rig.takeDone(slot))
    peer.released(slot)
    #expect(rig.takeRelease(slot))
    let again = try #require(rig.grant())
    #expect(again == slot)
    let second = rig.ledger[slot].generation
    #expect(second != first)
    #expect(peer.word(slot).generation == second)
    #expect(!rig.takeDone(slot), "done[] still holds the first grant")
    peer.done(slot, second &+ 1)
    #expect(!rig.takeDone(slot))
    peer.done(slot, second)
    #expect(rig.takeDone(slot))
    #expect(!rig.takeRelease(slot), "released[] counts the first use only")
    peer.crash()
  }

  @Test(arguments: Kind.allCases) func aFullRingGivesNothing(_ kind: Kind) throws {
    let (rig, peer) = try pair(kind)
    let all = (0..<RingRig.slots).compactMap { _ in rig.grant() }
    #expect(Set(all).count == RingRig.slots)
    #expect(rig.grant() == nil)
    for slot in all { peer.fill(slot, UInt64(slot) + 100) }
    #expect(all.map { peer.read($0) } == all.map { UInt64($0) + 100 }, "slots do not overlap")
    rig.ledger.revoke(all[3])
    #expect(rig.grant() == all[3])
    peer.crash()
  }

  @Test(arguments: Kind.allCases) func whatADeadWorkerHadComesBackExactly(_ kind: Kind) throws {
    let (rig, peer) = try pair(kind)
    let slots = (0..<5).compactMap { _ in rig.grant() }
    #expect(slots.count == 5)
    for slot in slots[1...] {
      peer.fill(slot, 9)
      peer.done(slot, rig.ledger[slot].generation)
    }
    // 0: being filled. 1: filled, its word lost. 2: held. 3: held by another too. 4: let go, its word lost.
    for slot in slots[2...] { #expect(rig.takeDone(slot)) }
    rig.ledger.hold(slots[3], by: 11)
    peer.released(slots[4])
    peer.crash()
    #expect(rig.reclaim() == 1)
    #expect(slots.map { rig.ledger[$0].state } == [.free, .ready, .free, .ready, .free])
    #expect(rig.ledger[slots[1]].holders == 1 << UInt64(Ledger.queue))
    #expect(rig.ledger[slots[3]].holders == 1 << 11)
    let before = rig.ledger.slots
    #expect(rig.reclaim() == 0)
    #expect(rig.ledger.slots == before, "a second look finds nothing")
    #expect(rig.payload.base.load(fromByteOffset: slots[1] * RingRig.slotBytes, as: UInt64.self) == 9)
  }
}
