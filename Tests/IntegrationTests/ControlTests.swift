import Foundation
import Testing

/// What `detach` and `stop` refuse, and how long they wait.
struct ControlTests {
  /// One encoder of pictures, one of sound: none does the other's work.
  @Test func aLastEncoderIsNotLetGo() throws {
    let box = try Sandbox()
    let clips = (0..<40).map { "{ source: \"f\", at: \($0 * 6), duration: 6 }" }
    try box.write(
      "p.json5",
      """
      { canvas: { width: 320, height: 180, fps: 25 }, sources: { f: "\(Clips.flashMKV)" },
        tracks: [ { kind: "video", clips: [ \(clips.joined(separator: ",\n")) ] } ] }
      """)
    try box.write("launch.json5", "{ workers: { audio: { deadlineSeconds: 60 } } }")
    let run = try box.start(
      ["render", "p.json5", "-o", "a.mp4", "--encoders", "1", "--launch", "launch.json5", "--progress", "none"])
    // The sound stands still: its encoder stays.
    #expect(eventually(within: 20) { !Processes.children(of: run.pid, named: "sluice-audio").isEmpty })
    for audio in Processes.children(of: run.pid, named: "sluice-audio") { kill(audio, SIGSTOP) }
    func isReady(_ name: String) -> Bool {
      let workers = (try? AttachTests.list(box))?.first?["workers"] as? [[String: Any]] ?? []
      return workers.contains { $0["name"] as? String == name && $0["state"] as? String == "ready" }
    }
    #expect(eventually(within: 20) { isReady("encoder-0") && isReady("sound-encoder-0") })
    func refused(_ worker: String, _ parts: String...) throws {
      let result = try box.sluice(["detach", "\(run.pid)", worker])
      #expect(result.status == 75, "\(result.errors)")
      box.expectOneLine(result.errors, [worker] + parts)
    }
    try refused("encoder-0", "only encoder", "attach another first")
    try refused("sound-encoder-0", "sound would begin again", "sluice stop")
    try refused("audio-0", "sound would begin again")
    #expect(try box.sluice(["stop", "\(run.pid)"]).status == 0)
    #expect(run.wait(within: 5) == 130, "\(run.errors)")
    box.expectNothingLeft()
  }

  /// A stopped supervisor answers nobody: neither command waits for ever.
  @Test func aStoppedRunDoesNotAnswer() throws {
    let standing = try AttachTests.Standing()
    let name = try standing.name
    standing.run.signal(SIGSTOP)
    let commands = [["stop", name], ["detach", name, "decoder-0"], ["attach", name, "--role", "renderer"]]
    for child in try commands.map({ try standing.box.start($0) }) {
      #expect(child.wait(within: 30) == 75)
      standing.box.expectOneLine(child.errors, [name, "does not answer", "\(standing.run.pid)"])
    }
    // They are served when it goes on: it stops.
    standing.run.signal(SIGCONT)
    #expect(standing.run.wait(within: 5) == 130)
    standing.box.expectNothingLeft()
  }

  /// Also those that cannot end by themselves.
  @Test func stoppedWorkersEndWithTheirSupervisor() throws {
    let standing = try AttachTests.Standing()
    let names = ["sluice-decoder", "sluice-renderer", "sluice-encoder"]
    let workers = names.flatMap { Processes.children(of: standing.run.pid, named: $0) }
    #expect(workers.count >= 3)
    for worker in workers { kill(worker, SIGSTOP) }
    standing.run.signal(SIGKILL)
    #expect(standing.run.wait(within: 5) == 1009)
    #expect(eventually(within: 5) { standing.box.processes.isEmpty })
    for worker in workers { kill(worker, SIGKILL) }
    #expect(try standing.box.sluice(["clean"]).status == 0)
  }
}
