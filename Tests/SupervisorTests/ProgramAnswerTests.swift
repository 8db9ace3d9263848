import CSluice
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

/// A program that is asked one thing.
@Suite struct ProgramAnswerTests {
  private func shell(_ script: String, wanted: Int = .max, silence: Int32 = 20_000) throws -> ProgramAnswer {
    try ProgramAnswer.run("/bin/sh", ["-c", script], wanted: wanted, silence: silence)
  }

  @Test func itsLinesAndItsEndAreTold() throws {
    let answer = try shell("echo a; echo; echo b c")
    #expect(answer.lines == ["a", "", "b c"] && answer.isSuccess)
    let failed = try shell("echo a; exit 3")
    #expect(failed.lines == ["a"] && !failed.isSuccess)
    #expect(failed.status.map { sluice_exited($0) && sluice_exit_status($0) == 3 } == true)
  }

  /// Half a line is no answer: the program died while it wrote it.
  @Test func whatItWroteBeforeItDiedCountsByWholeLines() throws {
    let answer = try shell("printf 'a\\nhalf'; kill -9 $$")
    #expect(answer.lines == ["a"])
    #expect(answer.status.map { !sluice_exited($0) && sluice_term_signal($0) == SIGKILL } == true)
  }

  @Test func asManyLinesAsAreWantedAreEnough() throws {
    let answer = try shell("echo a; echo b; echo c; exec sleep 1000", wanted: 2)
    #expect(answer.lines == ["a", "b"] && answer.status == nil)
  }

  @Test func oneThatIsSilentIsEnded() throws {
    let answer = try shell("echo a; exec sleep 1000", silence: 200)
    #expect(answer.lines == ["a"] && answer.status == nil)
  }

  /// A child of the program's may keep its output open.
  @Test func theEndOfTheProgramIsTheEnd() throws {
    let answer = try shell("echo a; sleep 5 & exit 0", silence: 60_000)
    #expect(answer.lines == ["a"] && answer.isSuccess)
  }

  /// One that closes its output works on.
  @Test func anOutputThatIsClosedIsNotTheEnd() throws {
    let answer = try shell("echo a; exec >&-; sleep 0.2; exit 4")
    #expect(answer.lines == ["a"] && answer.status.map { sluice_exit_status($0) } == 4)
  }

  @Test func descriptorsAndEnvironmentAreHandedOver() throws {
    let file = FileDescriptor(sluice_memfd("question"))
    try System.writeAll(file.raw, "from a descriptor\n")
    #expect(lseek(file.raw, 0, SEEK_SET) == 0)
    let answer = try ProgramAnswer.run(
      "/bin/sh", ["-c", "cat <&5; echo $SLUICE_WORD"], environment: ["SLUICE_WORD": "word"], descriptors: [(file.raw, 5)],
      silence: 20_000)
    #expect(answer.lines == ["from a descriptor", "word"])
  }

  @Test func oneThatIsNotThereThrows() {
    #expect(throws: SluiceError.self) { try ProgramAnswer.run("/nowhere/program", [], silence: 1000) }
  }
}
