import CSluice
import FrameModel
import Testing

@Suite struct VectorTests {
  @Test(arguments: try Vector.all("frame"))
  func frameHeadersAreReadAsTheirVectorsSay(_ vector: Vector) {
    #expect((Reader.frame(vector.bytes) != nil) == (vector.verdict == .accept))
  }

  @Test(arguments: try Vector.all("hello"))
  func hellos(_ vector: Vector) { #expect(Reader.hello(vector.bytes) == vector.verdict) }

  @Test(arguments: try Vector.all("welcome"))
  func welcomes(_ vector: Vector) { #expect(Reader.welcome(vector.bytes) == vector.verdict) }

  @Test(arguments: try Vector.all("region"))
  func regions(_ vector: Vector) { #expect(Reader.region(vector.bytes) == vector.verdict) }

  @Test(arguments: try Vector.all("control"))
  func controlRegions(_ vector: Vector) { #expect(Reader.control(vector.bytes) == vector.verdict) }

  @Test(arguments: try Vector.all("lease"))
  func leases(_ vector: Vector) { #expect(Reader.lease(vector.bytes) == vector.verdict) }

  @Test(arguments: try Vector.all("message"))
  func messages(_ vector: Vector) throws {
    let control = try #require(try Vector.all("control").first { $0.name == "control-ok" })
    #expect(Reader.message(vector.bytes, control: control.bytes) == vector.verdict)
  }

  @Test func theGoldenFrameHeaderIsWhatSwiftWrites() throws {
    let golden = try #require(try Vector.all("frame").first { $0.name == "frame-yuv420p-64x64" })
    var frame = FrameDescription(format: .yuv420p, width: 64, height: 64)
    frame.color = .bt709
    frame.pts = Rational(1, 30)
    frame.number = 12
    var bytes = [UInt8](repeating: 0, count: Int(SLUICE_FRAME_BYTES))
    bytes.withUnsafeMutableBytes { raw in
      if let base = raw.baseAddress { frame.write(to: base) }
    }
    #expect(bytes == golden.bytes)
    #expect(Reader.frame(golden.bytes) == frame)
  }

  @Test func everyFieldOfAnOddFrameIsRead() throws {
    let vector = try #require(try Vector.all("frame").first { $0.name == "frame-yuv422p10-odd" })
    let frame = try #require(Reader.frame(vector.bytes))
    #expect(frame.format.description == "yuv422p10le")
    #expect((frame.width, frame.height, frame.number) == (33, 17, -1))
    #expect(frame.sampleAspect == Rational(16, 11))
    #expect(frame.rotation == 1 && frame.mirrored && frame.damaged && frame.interlaced && frame.topFieldFirst)
  }
}
