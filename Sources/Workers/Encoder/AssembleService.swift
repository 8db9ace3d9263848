import CSluice
import EncodeStage
import FrameModel
import Plan
import SharedRing
import SluiceBase
import SystemBase
import WorkerRuntime

/// `--assemble`: takes finished segments in order from descriptor 3 (a `sluice_region` packet with a descriptor each; that of the
/// sound comes first and has `ring` SLUICE_JOB_SOUND), joins them into descriptor 5 by the settings of the plan in descriptor 4,
/// and answers with {code, bytes, text}. Meanwhile it sends heartbeats: {`AssemblerHeartbeat.code`, segments joined} four times a second.
enum AssembleService {
  static func run() {
    do throws(SluiceError) {
      answer(code: 0, bytes: try join(), text: "")
    } catch {
      answer(code: UInt64(error.code.rawValue), bytes: 0, text: error.description)
    }
  }

  /// `--check FIRST FRAMES`: whether descriptor 3 is a segment of so many frames: status 0, or not.
  static func check() {
    let words = CommandLine.arguments.dropFirst(2).compactMap { Int64($0) }
    sluice_close_from(4)
    sluice_detach_standard()
    do throws(SluiceError) {
      guard words.count == 2 else { throw SluiceError(.usage, "this mode is started by sluice itself") }
      try Sandbox.enter(.none)
      try SegmentJoiner.check(3, firstFrame: words[0], frames: words[1])
    } catch {
      exit(error.code.rawValue)
    }
  }

  private static func join() throws(SluiceError) -> UInt64 {
    var status = stat()
    guard fstat(4, &status) == 0,
      let region = try? SharedRegion(descriptor: FileDescriptor(4), bytes: Int(status.st_size), writable: false),
      let plan = PlanView(UnsafeRawPointer(region.base), count: region.bytes)
    else { throw SluiceError(.usage, "this mode is started by sluice itself") }
    sluice_close_from(6)
    sluice_detach_standard()
    try Sandbox.enter(.none)
    let joined = Monitor(UInt64(0))
    _ = WorkThread("heartbeat", stackBytes: 1 << 16) {
      while true {
        answer(code: AssemblerHeartbeat.code, bytes: joined.with { $0 }, text: "")
        poll(nil, 0, AssemblerHeartbeat.milliseconds)
      }
    }
    let joiner = try SegmentJoiner(settings: plan.output, fd: 5)
    var sound: FileDescriptor?  // read until the end
    defer { withExtendedLifetime(sound) {} }
    while true {
      var packet = sluice_region()
      var fd: Int32 = -1
      let n = sluice_receive_fd(3, &packet, MemoryLayout.size(ofValue: packet), &fd)
      // Nothing comes any more when the supervisor is gone.
      guard n == MemoryLayout.size(ofValue: packet), fd >= 0 else { exit(ExitCode.interrupted.rawValue) }
      let segment = FileDescriptor(fd)
      guard packet.bytes <= 1 << 60, packet.reserved <= 1 << 60 else {
        throw SluiceError(.software, "a segment's length is wrong")
      }
      if packet.ring == SLUICE_JOB_SOUND {
        sound = segment
        try joiner.appendSound(segment.raw, frames: Int64(packet.bytes))
        continue
      }
      try joiner.append(segment.raw, firstFrame: Int64(packet.reserved), frames: Int64(packet.bytes))
      joined.with { $0 += 1 }
      if packet.writable != 0 { return try joiner.finish() }
    }
  }

  private static func answer(code: UInt64, bytes: UInt64, text: String) {
    var packet = withUnsafeBytes(of: code.littleEndian, Array.init) + withUnsafeBytes(of: bytes.littleEndian, Array.init)
    packet += Array(text.utf8.prefix(900))
    _ = sluice_send_fd(3, packet, packet.count, -1)
  }
}
