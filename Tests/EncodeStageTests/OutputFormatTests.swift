import FrameModel
import SluiceBase
import Testing

@Suite struct OutputFormatTests {
  @Test func endingsSayFormatAndCodec() throws {
    for (name, format, codec) in [
      ("a.mp4", "mp4", "libx264"), ("/x.y/b.MOV", "mov", "libx264"), ("c.mkv", "matroska", "libx264"),
      ("d.webm", "webm", "libvpx-vp9"), ("e.y4m", "yuv4mpegpipe", "rawvideo"), ("f.png", "image2pipe", "png"),
      ("g.nut", "nut", "rawvideo"), ("h.yuv", "rawvideo", "rawvideo"),
    ] {
      let guess = try OutputFormat.guess(name: name)
      #expect(guess.name == format)
      #expect(guess.codec == codec)
    }
    #expect(OutputFormat.named("mkv")?.name == "matroska")
    #expect(OutputFormat.named("image2pipe")?.codec == "png")
    #expect(OutputFormat.named("segment") == nil)
  }

  @Test func otherEndingsAreRefusedWithAdvice() {
    for name in ["film", ".mp4", "a.", "dir.mp4/film"] {
      #expect(failure { _ = try OutputFormat.guess(name: name) }?.code == .usage)
    }
    let near = failure { _ = try OutputFormat.guess(name: "a.mp5") }
    #expect(near?.description.hasPrefix("a.mp5: no format is known for the ending .mp5; did you mean .mp4?") == true)
  }
}
