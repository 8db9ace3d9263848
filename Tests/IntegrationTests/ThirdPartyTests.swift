import CSluice
import Foundation
import Testing

/// Workers that attach by themselves: they help, they may leave, and whatever they do wrong costs time only.
struct ThirdPartyTests {
  private func waitForWorker(_ name: String, _ state: String, _ standing: AttachTests.Standing) -> Bool {
    eventually(within: 20) { (try? standing.workers()[name]?["state"] as? String) == state }
  }

  @Test(arguments: ["sluice-decoder", "sluice-renderer"])
  func oneThatDoesItsWork(_ program: String) throws {
    let standing = try AttachTests.Standing()
    let role = String(program.dropFirst("sluice-".count))
    let guest = try ThirdParty.own(program, to: try standing.attachSocket, in: standing.box)
    #expect(waitForWorker("\(role)-1", "ready", standing))
    let seen = try #require(try standing.workers()["\(role)-1"])
    #expect(seen["origin"] as? String == "attached" && seen["pid"] as? Int32 == guest.pid)
    // Ours may go now: the guest alone does the work.
    let gone = try standing.box.sluice(["detach", "\(standing.run.pid)", "\(role)-0"])
    #expect(gone.status == 0, "\(gone.errors)")
    let statistics = try standing.finish()
    #expect(guest.wait(within: 2) == 0)
    standing.box.expectOneLine(standing.run.errors, ["\(role)-1 (process \(guest.pid)) attached by itself"])
    let workers = statistics.value(["workers"]) as? [[String: Any]] ?? []
    #expect(workers.first { $0["name"] as? String == "\(role)-1" }?["origin"] as? String == "attached")
  }

  /// When the last of a role was a guest, one of ours takes its place.
  @Test(arguments: [SIGKILL, SIGTERM])
  func aGuestThatLeavesIsReplacedByOneOfOurs(_ signal: Int32) throws {
    let standing = try AttachTests.Standing()
    let guest = try ThirdParty.own("sluice-renderer", to: try standing.attachSocket, in: standing.box)
    #expect(waitForWorker("renderer-1", "ready", standing))
    #expect(try standing.box.sluice(["detach", "\(standing.run.pid)", "renderer-0"]).status == 0)
    guest.signal(signal)
    #expect(waitForWorker("renderer-2", "ready", standing))
    try standing.finish()
    #expect(standing.run.errors.contains("renderer-1 (process \(guest.pid)), which had attached by itself, has left"))
  }

  @Test func aGuestIsDetached() throws {
    let standing = try AttachTests.Standing()
    let guest = try ThirdParty.own("sluice-decoder", to: try standing.attachSocket, in: standing.box)
    #expect(waitForWorker("decoder-1", "ready", standing))
    #expect(try standing.box.sluice(["detach", "\(standing.run.pid)", "decoder-1"]).status == 0)
    #expect(guest.wait(within: 1) == 0)
    try standing.finish()
  }

  /// The render has its bytes, and the guest is ended, whatever it does.
  @Test(arguments: ThirdParty.Fault.allCases.filter { ![.emptySegment, .wrongSegment].contains($0) })
  func oneThatMisbehaves(_ fault: ThirdParty.Fault) throws {
    let standing = try AttachTests.Standing(launch: "{ workers: { renderer: { deadlineSeconds: 1 } } }")
    let guest = try ThirdParty.faulty(fault, to: try standing.attachSocket, in: standing.box)
    if [.silent, .lie, .noHeader, .fail, .die].contains(fault) {
      // These do it at their first job, or have none.
      if fault != .silent { #expect(waitForWorker("renderer-1", "ready", standing)) }
    } else {
      #expect(eventually(within: 20) { standing.run.errors.contains("which had attached by itself, was ended") }, "\(fault)")
    }
    try standing.finish()
    // Ended by us, or by itself when the run was over.
    let status = guest.wait(within: 6)
    #expect(fault == .silent ? status != nil : status == 1009, "\(fault): \(String(describing: status)) \(guest.errors)")
  }

  /// A segment of somebody else's counts only when it is one; else another encoder makes it.
  @Test(arguments: [ThirdParty.Fault.emptySegment, .wrongSegment])
  func anEncoderWithoutSegments(_ fault: ThirdParty.Fault) throws {
    let box = try Sandbox()
    try box.write(
      "long.json5", CutListTests.project((0..<6).map { .init(source: Clips.long, at: Double($0) * 20, from: 0, duration: 20) }))
    let arguments = [
      "render", "long.json5", "--encoders", "1", "--codec", "libx264", "--preset", "ultrafast", "--progress", "none",
    ]
    let run = try box.start(arguments + ["-o", "out.mkv"])
    #expect(eventually(within: 20) { (try? AttachTests.list(box).first?["attachSocket"]) != nil })
    let socket = try #require(try AttachTests.list(box).first?["attachSocket"] as? String)
    let guest = try ThirdParty.faulty(fault, role: "encoder", to: socket, in: box)
    #expect(run.wait() == 0, "\(run.errors)")
    #expect(run.errors.contains("was ended: what it wrote is no segment of its frames"), "\(run.errors) \(guest.errors)")
    #expect(guest.wait(within: 5) == 1009)
    try box.render(arguments + ["-o", "whole.mkv"])
    let same = try box.data("out.mkv") == box.data("whole.mkv")
    #expect(same)
    box.expectNothingLeft()
  }

  /// One message of parts without end, which ZeroMQ gathers: the bus begins anew, and the render goes on.
  @Test func whoFloodsTheBusIsCutOff() throws {
    guard !sluice_is_sanitized() else { return }  // their memory grows by itself: it is not watched
    let standing = try AttachTests.Standing()
    let guest = try ThirdParty.endless(to: try standing.attachSocket, in: standing.box)
    #expect(guest.wait(within: 30) == 0, "\(guest.errors)")
    #expect(String(decoding: guest.output, as: UTF8.self).contains("cut off"))
    #expect(standing.run.errors.contains("the control bus was flooded: it begins anew"), "\(standing.run.errors)")
    try standing.finish()
  }

  @Test func whoDoesNotSayThatItReadsThePlanIsRefused() throws {
    let standing = try AttachTests.Standing()
    for role in [1, 2, 3, 4, 9] as [UInt32] { #expect(try hello(role: role, features: 0, standing) == 2) }
    // A pipe has its one encoder.
    #expect(try hello(role: 3, features: 1, standing) == 2)
    #expect(try hello(role: 2, features: 1, token: 12345, standing) == 4)
    #expect(try hello(role: 2, features: 1, major: 9, standing) == 1)
    try standing.finish()
    #expect(standing.run.errors == "")
  }

  /// A crowd at the door does not keep out a worker of ours that is started again.
  @Test func aCrowdAtTheDoor() throws {
    let standing = try AttachTests.Standing()
    let socket = try standing.attachSocket
    var crowd: [Int32] = []
    for _ in 0..<120 {
      let fd = sluice_connect(socket)
      if fd >= 0 { crowd.append(fd) }
    }
    defer { for fd in crowd { close(fd) } }
    #expect(crowd.count == 120)
    let victim = try #require(Processes.children(of: standing.run.pid, named: "sluice-renderer").first)
    kill(victim, SIGKILL)
    let statistics = try standing.finish()
    #expect(statistics["restarts"] == 1)
  }

  private func hello(
    role: UInt32, features: UInt32, token: UInt64 = 0, major: UInt16 = 1, _ standing: AttachTests.Standing
  ) throws -> UInt32 {
    let fd = sluice_connect(try standing.attachSocket)
    #expect(fd >= 0)
    defer { close(fd) }
    var hello = sluice_hello()
    hello.magic = SLUICE_MAGIC_HELLO
    hello.abi_major = major
    hello.role = role
    hello.features = features
    hello.token = token
    var welcome = sluice_welcome()
    var none: Int32 = -1
    #expect(sluice_send_fd(fd, &hello, MemoryLayout.size(ofValue: hello), -1) == 32)
    #expect(sluice_receive_fd(fd, &welcome, MemoryLayout.size(ofValue: welcome), &none) == 256)
    return welcome.status
  }
}
