import CSluice
import Foundation
import Plan
import SluiceBase
import SystemBase
import Testing

@testable import Supervisor

/// Ends of lanes, without encoders.
@Suite struct FrameSinkTests {
  private final class Folder {
    let path: String
    init() throws {
      path = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-sink-\(UUID())").path
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private static let parts = [Segment(index: 0, frames: 0..<10), Segment(index: 1, frames: 10..<20)]

  private func file(_ folder: Folder, _ parts: [Segment]) throws -> DirectStreamSink {
    let path = folder.path + "/o.y4m"
    return DirectStreamSink(
      SegmentFlow(parts), target: try OutputTarget(path: path, overwrite: true, command: nil), name: path)
  }

  @Test func aStreamIsWholeWhenAllItsPartsAre() throws {
    let folder = try Folder()
    let sink = try file(folder, Self.parts)
    let loop = EventLoop(clock: .system)
    try sink.start(in: loop)
    for part in Self.parts {
      try System.writeAll(try sink.open(part).raw, "part \(part.index);")
      #expect(!sink.isWhole)
      try sink.finished(part, bytes: 7)
    }
    #expect(sink.isWhole && sink.bytes == 14 && !sink.takesSegments && sink.restarts == 0)
    try sink.finish { () throws(SluiceError) in }
    #expect(try String(contentsOfFile: folder.path + "/o.y4m", encoding: .utf8) == "part 0;part 1;")
  }

  /// Whoever comes after an encoder that died writes over what it wrote of its part, and over nothing else.
  @Test func aPartThatBeginsAgainIsWrittenOver() throws {
    let folder = try Folder()
    let sink = try file(folder, Self.parts)
    try System.writeAll(try sink.open(Self.parts[0]).raw, "part 0;")
    try sink.finished(Self.parts[0], bytes: 7)
    try System.writeAll(try sink.open(Self.parts[1]).raw, "a long beginning of part 1 that is")
    try System.writeAll(try sink.open(Self.parts[1]).raw, "part 1;")
    try sink.finished(Self.parts[1], bytes: 7)
    try sink.finish { () throws(SluiceError) in }
    #expect(try String(contentsOfFile: folder.path + "/o.y4m", encoding: .utf8) == "part 0;part 1;")
  }

  @Test func aPipeGetsEachByteOnceAlsoWhenItsEncoderDies() throws {
    let folder = try Folder()
    let path = folder.path + "/fifo"
    try #require(mkfifo(path, 0o600) == 0)
    let reader = FileDescriptor(sluice_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0))
    let sink = DirectStreamSink(
      SegmentFlow([Segment(index: 0, frames: 0..<10)]), target: try OutputTarget(path: path, overwrite: true, command: nil),
      name: "pipe")
    let loop = EventLoop(clock: .system)
    try sink.start(in: loop)
    let part = Segment(index: 0, frames: 0..<10)
    // The first one dies with five of eight bytes written.
    for text in ["01234", "01234567"] {
      let writer = try sink.open(part)
      try System.writeAll(writer.raw, text)
      withExtendedLifetime(writer) {}
    }
    try sink.finished(part, bytes: 8)
    while !sink.isWhole { try loop.turn() }
    try sink.finish { () throws(SluiceError) in }
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = read(reader.raw, &bytes, bytes.count)
    #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "01234567")
  }

  @Test func theCostOfADeathIsSaidWhereItIsOne() throws {
    let folder = try Folder()
    let whole = try file(folder, [Segment(index: 0, frames: 0..<20)])
    #expect(whole.cost(ofDeathAt: (0, 7)).contains("7 frames are rendered again, because an output in one piece"))
    #expect(whole.cost(ofDeathAt: (0, 0)).isEmpty && whole.cost(ofDeathAt: nil).isEmpty)
    let parts = try file(folder, Self.parts)
    #expect(parts.cost(ofDeathAt: (1, 13)) == "; 3 frames are rendered again")
    whole.abandon()
    parts.abandon()
  }

  @Test func errorsAboutTheOutputGetItsName() throws {
    let folder = try Folder()
    let sink = try file(folder, Self.parts)
    let full = sink.located(SluiceError(.cannotCreate, "output: no space is left"))
    #expect(full.place == sink.name && full.what == "no space is left")
    #expect(sink.located(SluiceError(.badInput, "a clip is damaged")).place.isEmpty)
    #expect(sink.located(SluiceError(.cannotCreate, "is full", at: "x")).place == "x")
  }

  /// Of an external encoder that has ended the reason is how it ended.
  @Test func anExternalEncoderThatEndedIsTheReason() throws {
    let sink = ExternalEncoderSink(
      SegmentFlow([]), target: try OutputTarget(path: "ignored", overwrite: false, command: "exit 3"))
    let error = sink.located(SluiceError(.cannotCreate, "output: the reader closed the pipe"))
    #expect(error.what == "the encoder command ended with exit status 3 before it had read all frames")
    #expect(error.place == "--encoder-command")
  }

  @Test func theFlowKnowsWhatIsMissing() throws {
    let all = (0..<6).map { Segment(index: $0, frames: Int64($0) * 10..<Int64($0 + 1) * 10) }
    let file = FileDescriptor(sluice_memfd("segment"))
    let flow = SegmentFlow(all, reused: [0: file, 3: file])
    #expect(flow.missing.map { $0.map(\.index) } == [[1, 2], [4, 5]] && flow.reusedFrames == 20 && !flow.isFinished)
    for segment in flow.missing.joined() {
      #expect(flow.finish(segment) == nil, "nobody writes it")
      flow.begin(segment, into: file)
      #expect(flow.file(of: segment.index) === file)
      #expect(flow.finish(segment) === file && flow.file(of: segment.index) == nil)
    }
    #expect(flow.isFinished && !flow.finishSound() && flow.sound == nil && !flow.reusedSound)
    flow.beginSound(into: file)
    #expect(flow.finishSound() && flow.sound === file)
  }
}
