import Glibc
import Scheduling
import Testing

@testable import Supervisor

/// Whose fault it is when a program that probes ends.
@Suite struct ProbeFaultsTests {
  private let limit = WorkerEnd.MemoryLimit(bytes: 256 << 20, key: "KEY")
  private let crash = ProbeFaults.End.ended(.signal(SIGSEGV))
  private let killed = ProbeFaults.End.ended(.signal(SIGKILL))

  @Test func threeCrashesAtOneSourceNameIt() {
    var faults = ProbeFaults()
    #expect(faults.take(crash, gotOn: false) == .again(milliseconds: 0))
    #expect(faults.take(crash, gotOn: false) == .again(milliseconds: 0))
    #expect(faults.take(crash, gotOn: false) == .fault("the decoder crashed while it read this file"))
    // The next source begins anew.
    #expect(faults.take(crash, gotOn: false) == .again(milliseconds: 0))
  }

  @Test func crashesAtDifferentSourcesNameNone() {
    var faults = ProbeFaults()
    for _ in 0..<20 {
      #expect(faults.take(crash, gotOn: true) == .again(milliseconds: 0))
      #expect(faults.take(crash, gotOn: false) == .again(milliseconds: 0))
    }
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGINT, SIGHUP]) func aSignalFromOutsideNamesNoSource(_ signal: Int32) {
    var faults = ProbeFaults()
    var pauses: [Int32] = []
    for _ in 1..<ProbeFaults.mostFromOutside {
      guard case .again(let pause) = faults.take(.ended(.signal(signal)), gotOn: false) else {
        Issue.record("a source was named")
        return
      }
      pauses.append(pause)
    }
    #expect(pauses == pauses.sorted() && pauses[0] > 0 && pauses[98] == 200)
    guard case .giveUp(let words) = faults.take(.ended(.signal(signal)), gotOn: false) else {
      Issue.record("it goes on for ever")
      return
    }
    #expect(words.contains("signal \(signal)") && words.contains("100 times") && !words.contains("file"))
  }

  @Test func killsBetweenCrashesNeitherAddNorForgive() {
    var faults = ProbeFaults()
    for _ in 0..<2 {
      #expect(faults.take(crash, gotOn: false) == .again(milliseconds: 0))
      _ = faults.take(killed, gotOn: false)
    }
    #expect(faults.take(crash, gotOn: false) == .fault("the decoder crashed while it read this file"))
  }

  @Test func progressForgivesKills() {
    var faults = ProbeFaults()
    for _ in 0..<1000 { #expect(faults.take(killed, gotOn: true) == .again(milliseconds: 2)) }
  }

  @Test func memoryIsToldAsMemory() {
    for (end, words) in [
      (WorkerEnd.outOfMemory(limit), "the decoder reached its memory limit of 256 MiB (KEY) while it read this file"),
      (
        .endedNearLimit(signal: SIGKILL, limit),
        "the decoder was ended near its memory limit of 256 MiB (KEY) while it read this file"
      ),
    ] {
      var faults = ProbeFaults()
      for _ in 0..<2 { #expect(faults.take(.ended(end), gotOn: false) == .again(milliseconds: 0)) }
      #expect(faults.take(.ended(end), gotOn: false) == .fault(words))
    }
  }

  @Test func silenceNamesTheSourceAtOnce() {
    var faults = ProbeFaults()
    #expect(faults.take(.silent, gotOn: true) == .fault("the decoder hung while it read this file"))
  }
}
