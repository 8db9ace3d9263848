import CSluice
import Foundation
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

/// Descriptors and timers, without a run.
@Suite struct EventLoopTests {
  private struct Pipe {
    let reader: FileDescriptor
    let writer: FileDescriptor
    init() throws {
      var ends: [Int32] = [-1, -1]
      try #require(sluice_pipe(&ends) == 0)
      reader = FileDescriptor(ends[0])
      writer = FileDescriptor(ends[1])
    }
    func ring() throws { try System.writeAll(writer.raw, "x") }
    func take() {
      var byte: UInt8 = 0
      _ = read(reader.raw, &byte, 1)
    }
  }

  @Test func whoIsRegisteredIsCalledInOrder() throws {
    let loop = EventLoop(clock: .system)
    let pipes = try (0..<3).map { _ in try Pipe() }
    var called: [Int] = []
    for (index, pipe) in pipes.enumerated() {
      loop.watch(pipe.reader.raw) { () throws(SluiceError) in
        pipe.take()
        called.append(index)
      }
    }
    try loop.turn(mayWait: false)
    #expect(called.isEmpty)
    try pipes[2].ring()
    try pipes[0].ring()
    try loop.turn()
    #expect(called == [0, 2])
    try loop.turn(mayWait: false)
    #expect(called == [0, 2])
  }

  @Test func whoIsTakenOutIsNotCalledAnyMore() throws {
    let loop = EventLoop(clock: .system)
    let first = try Pipe()
    let second = try Pipe()
    var called: [String] = []
    var other: EventLoop.Token?
    loop.watch(first.reader.raw) { () throws(SluiceError) in
      called.append("first")
      if let other { loop.end(other) }
    }
    other = loop.watch(second.reader.raw) { () throws(SluiceError) in called.append("second") }
    try first.ring()
    try second.ring()
    try loop.turn()
    try loop.turn()
    #expect(called == ["first", "first"])
  }

  /// A source may wait for other descriptors at each turn, and for none.
  @Test func aListIsAskedBeforeEachWait() throws {
    let loop = EventLoop(clock: .system)
    let pipes = try (0..<4).map { _ in try Pipe() }
    var watched = [1, 3]
    var seen: [[Int]] = []
    loop.watch(
      list: { fds in for index in watched { fds.append(pollfd(fd: pipes[index].reader.raw, events: Int16(POLLIN), revents: 0)) }
      },
      { (polled: ArraySlice<pollfd>) throws(SluiceError) in
        seen.append(zip(watched, polled).filter { $0.1.revents != 0 }.map(\.0))
      })
    for pipe in pipes { try pipe.ring() }
    try loop.turn(mayWait: false)
    watched = [0]
    try loop.turn(mayWait: false)
    watched = []
    try loop.turn(mayWait: false)
    #expect(seen == [[1, 3], [0]])
  }

  @Test func timersAreCalledWhenTheyAreDue() throws {
    let time = SimulatedClock()
    let loop = EventLoop(clock: time.clock)
    var ticks = 0
    var rings = 0
    loop.every(100_000_000) { () throws(SluiceError) in ticks += 1 }
    let timer = loop.timer { () throws(SluiceError) in rings += 1 }
    try loop.turn()
    #expect(ticks == 1, "the first is due at once")
    loop.set(timer, due: time.now + 250_000_000)
    for _ in 0..<10 {
      time.advance(50_000_000)
      try loop.turn(mayWait: false)
    }
    #expect(ticks == 6 && rings == 1)
    // One that was missed does not come twice.
    time.advance(seconds: 10)
    try loop.turn(mayWait: false)
    try loop.turn(mayWait: false)
    #expect(ticks == 7 && rings == 1)
    loop.set(timer, due: time.now)
    loop.set(timer, due: nil)
    try loop.turn(mayWait: false)
    #expect(rings == 1)
  }

  @Test func aTimerMayTakeItselfOut() throws {
    let time = SimulatedClock()
    let loop = EventLoop(clock: time.clock)
    var token: EventLoop.Token?
    var calls: [String] = []
    token = loop.every(1) { () throws(SluiceError) in
      calls.append("once")
      if let token { loop.end(token) }
    }
    loop.every(1) { () throws(SluiceError) in calls.append("always") }
    try loop.turn(mayWait: false)
    time.advance(1)
    try loop.turn(mayWait: false)
    #expect(calls == ["once", "always", "always"])
  }

  @Test func whatAHandlerThrowsEndsTheTurn() throws {
    let loop = EventLoop(clock: .system)
    let pipe = try Pipe()
    var reached = false
    loop.watch(pipe.reader.raw) { () throws(SluiceError) in throw SluiceError(.interrupted, "interrupted") }
    loop.every(1) { () throws(SluiceError) in reached = true }
    try pipe.ring()
    let error = #expect(throws: SluiceError.self) { try loop.turn() }
    #expect(error?.code == .interrupted && !reached)
  }

  /// It waits for as long as the next timer says, and no shorter.
  @Test func itWaitsForTheNextTimer() throws {
    let loop = EventLoop(clock: .system)
    var isDue = false
    let timer = loop.timer { () throws(SluiceError) in isDue = true }
    let due = MonotonicClock.system.now + 30_000_000
    loop.set(timer, due: due)
    while !isDue { try loop.turn() }
    #expect(MonotonicClock.system.now >= due)
  }
}
