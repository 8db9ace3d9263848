import Glibc
import Scheduling
import Testing

@testable import Supervisor

@Suite struct WorkerEndTests {
  private let limit = WorkerEnd.MemoryLimit(bytes: 800 << 20, key: "workers.decoder.memoryLimit in a launch file")

  /// As waitpid(2) has it.
  private func exited(_ code: Int32) -> Int32 { code << 8 }

  @Test func onlyWhatTheWorkCanCauseIsSuspected() {
    for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP] {
      #expect(WorkerEnd(status: signal, used: 0, limit: limit).suspectsWork)
    }
    for signal in [SIGKILL, SIGTERM, SIGINT, SIGHUP] {
      let end = WorkerEnd(status: signal, used: 500 << 20, limit: limit)
      #expect(!end.suspectsWork && end.weight == .fromOutside && end.isShown)
      #expect(!WorkerEnd(status: signal, used: .max, limit: nil).suspectsWork)
      // Near its limit it was most likely ended for want of memory.
      let near = WorkerEnd(status: signal, used: 700 << 20, limit: limit)
      #expect(near == .endedNearLimit(signal: signal, limit) && near.suspectsWork)
    }
    #expect(WorkerEnd(status: exited(0), used: 0, limit: nil).suspectsWork)
    #expect(WorkerEnd.deadline(.heartbeat, seconds: 1).suspectsWork && WorkerEnd.violation("").suspectsWork)
    for wanted in [WorkerEnd.busFlooded, .beginsAgain, .cannotFilter] { #expect(!wanted.suspectsWork && wanted.weight == .none) }
  }

  @Test func theWordsNameTheLimit() {
    #expect(WorkerEnd(status: SIGKILL, used: 0, limit: limit).words == "signal 9 (Killed)")
    #expect(WorkerEnd(status: exited(3), used: 0, limit: limit).words == "exit status 3")
    #expect(
      WorkerEnd(status: exited(71), used: 0, limit: limit).words
        == "its memory limit of 800 MiB reached (raise workers.decoder.memoryLimit in a launch file)")
    #expect(
      WorkerEnd(foreignStatus: exited(71), used: 0, limit: limit).words
        == "exit status 71; its memory is limited to 800 MiB (workers.decoder.memoryLimit in a launch file)")
  }
}

@Suite struct EndsInRowTests {
  @Test func faultsWaitLongerAndLonger() {
    var ends = EndsInRow()
    let pauses: [UInt64] = [0, 100, 400, 1600, 5000, 5000]
    for pause in pauses {
      let verdict = ends.count(.restart, restarts: pauses.count)
      #expect(verdict == .again(after: pause * 1_000_000))
    }
    #expect(ends.count(.restart, restarts: pauses.count) == .tooManyFaults)
  }

  @Test func endsFromOutsideAreCountedByThemselves() {
    var ends = EndsInRow()
    var total: UInt64 = 0
    for _ in 0..<EndsInRow.mostFromOutside {
      guard case .again(let pause) = ends.count(.fromOutside, restarts: 1) else {
        Issue.record("\(ends)")
        return
      }
      total += pause
    }
    #expect(total < 60_000_000_000)
    #expect(ends.faults == 0 && ends.count(.restart, restarts: 1) == .again(after: 0))
    #expect(ends.count(.fromOutside, restarts: 1) == .tooManyFromOutside)
  }

  @Test func withoutRestartsTheFirstEndIsTheLast() {
    for weight in [WorkerEnd.Weight.none, .restart, .fromOutside] {
      var ends = EndsInRow()
      #expect(ends.count(weight, restarts: 0) == .tooManyFaults)
    }
  }

  @Test func wantedEndsExplainThoseBefore() {
    var ends = EndsInRow()
    _ = ends.count(.restart, restarts: 3)
    #expect(ends.count(.none, restarts: 3) == .again(after: 0) && ends == EndsInRow())
  }
}
