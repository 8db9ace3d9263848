import CSluice
import Foundation
import Scheduling
import SlotLedger
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

/// Requests of the control socket, without a run.
@Suite struct ControlCommandsTests {
  private final class FakeRun: RunControl {
    let world = SimulatedPool()
    var refusal: SluiceError?
    var left: [String] = []

    var workers: [WorkerHandle] { world.pool.workers }
    func state() -> JSONValue { .object(["ok": .bool(true), "frames": .number(7)]) }
    func attach(_ role: WorkerRole, _ count: Int) throws(SluiceError) -> [WorkerHandle] {
      if let refusal { throw refusal }
      var handles: [WorkerHandle] = []
      for _ in 0..<count { handles.append(try world.pool.startOneMore(role, isExtra: true)) }
      return handles
    }
    func canLeave(_ worker: WorkerHandle) -> Bool { !world.pool.isLast(worker) }
    func leave(_ worker: WorkerHandle) { left.append(worker.name) }
    func end(of worker: WorkerHandle) -> WorkerEnd { world.pool.limits.end(of: worker) }
  }

  private final class Bench {
    let run = FakeRun()
    let loop = EventLoop(clock: .system)
    let commands: ControlCommands
    let client: FileDescriptor
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-control-\(UUID())").path

    init() throws {
      commands = ControlCommands(try CommandServer(path: path))
      commands.attach(to: loop)
      client = FileDescriptor(sluice_connect_stream(path))
      try #require(client.raw >= 0)
    }
    deinit { unlink(path) }

    func serve() throws {
      for _ in 0..<4 {
        try loop.turn(mayWait: false)
        try commands.serve(run)
      }
    }

    /// The answer; nil: there is none yet.
    func answer() -> JSONValue? {
      var bytes = [UInt8](repeating: 0, count: 4096)
      let n = recv(client.raw, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      return n > 0 ? try? JSONReader.read(Array(bytes[..<n].dropLast())) : nil
    }

    func ask(_ request: String) throws -> JSONValue? {
      try System.writeAll(client.raw, request + "\n")
      try serve()
      return answer()
    }
  }

  @Test func theStateIsAnswered() throws {
    let bench = try Bench()
    #expect(try bench.ask("{\"do\": \"state\"}")?["frames"]?.number?.integer == 7)
    #expect(try bench.ask("{\"do\": \"dance\"}")?["code"]?.number?.integer == 2)
    #expect(try bench.ask("nonsense")?["ok"]?.bool == false)
  }

  @Test func anAttachIsAnsweredWhenAllAreReady() throws {
    let bench = try Bench()
    #expect(try bench.ask("{\"do\": \"attach\", \"role\": \"renderer\", \"count\": 2}") == nil)
    let workers = bench.run.workers
    #expect(workers.map(\.name) == ["renderer-0", "renderer-1"] && workers.allSatisfy(\.isExtra))
    workers[0].isReady = true
    try bench.serve()
    #expect(bench.answer() == nil)
    workers[1].isReady = true
    try bench.serve()
    #expect(bench.answer()?["workers"]?.array?.compactMap(\.string) == ["renderer-0", "renderer-1"])
  }

  @Test func anAttachThatCannotBeIsRefused() throws {
    let bench = try Bench()
    for request in [
      "{\"do\": \"attach\"}", "{\"do\": \"attach\", \"role\": \"muxer\"}", "{\"do\": \"attach\", \"role\": \"audio\"}",
      "{\"do\": \"attach\", \"role\": \"decoder\", \"count\": 0}",
    ] { #expect(try bench.ask(request)?["code"]?.number?.integer == 2, "\(request)") }
    bench.run.refusal = SluiceError(.unavailable, "there is no room")
    let answer = try bench.ask("{\"do\": \"attach\", \"role\": \"decoder\"}")
    #expect(answer?["what"]?.string == "there is no room" && answer?["code"]?.number?.integer == 69)
  }

  @Test func oneThatEndsBeforeItIsReadyIsTheAnswer() throws {
    let bench = try Bench()
    #expect(try bench.ask("{\"do\": \"attach\", \"role\": \"decoder\"}") == nil)
    let worker = bench.run.workers[0]
    bench.run.world.process(worker).die(SIGSEGV)
    bench.run.world.pool.remove(worker)
    try bench.serve()
    #expect(bench.answer()?["what"]?.string?.contains("decoder-0 ended with signal 11") == true)
  }

  @Test func aDetachIsAnsweredWhenTheWorkerHasGone() throws {
    let bench = try Bench()
    for _ in 0..<2 {
      let worker = try bench.run.world.pool.startOneMore(.decoder)
      try bench.run.world.attach(worker)
    }
    let unknown = try bench.ask("{\"do\": \"detach\", \"worker\": \"decoder-7\"}")
    #expect(unknown?["code"]?.number?.integer == 66 && unknown?["advice"]?.string?.contains("did you mean") == true)
    #expect(try bench.ask("{\"do\": \"detach\", \"worker\": \"decoder-1\"}") == nil)
    #expect(bench.run.left == ["decoder-1"])
    bench.run.world.pool.remove(bench.run.workers[1])
    try bench.serve()
    #expect(bench.answer()?["worker"]?.string == "decoder-1")
    // It is the last one now.
    let last = try bench.ask("{\"do\": \"detach\", \"worker\": \"decoder-0\"}")
    #expect(last?["code"]?.number?.integer == 75 && last?["what"]?.string?.contains("only decoder") == true)
  }

  @Test func theSoundIsNotLetGo() throws {
    let bench = try Bench()
    try bench.run.world.pool.start(WorkerOrder(role: .soundEncoder, number: 0))
    let answer = try bench.ask("{\"do\": \"detach\", \"worker\": \"sound-encoder-0\"}")
    #expect(answer?["what"]?.string?.contains("sound would begin again") == true && bench.run.left.isEmpty)
  }

  @Test func stopEndsTheRunAndAnswers() throws {
    let bench = try Bench()
    try System.writeAll(bench.client.raw, "{\"do\": \"stop\"}\n")
    let error = #expect(throws: SluiceError.self) { try bench.serve() }
    #expect(error?.code == .interrupted && bench.answer()?["ok"]?.bool == true)
  }

  @Test func nobodyIsLeftWaiting() throws {
    let bench = try Bench()
    #expect(try bench.ask("{\"do\": \"attach\", \"role\": \"decoder\"}") == nil)
    bench.commands.dismiss(bench.run)
    #expect(bench.answer()?["what"]?.string == "the run ended meanwhile")
  }
}
