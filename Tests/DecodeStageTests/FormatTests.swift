import FrameModel
import Testing

@testable import AVBinding

@Suite struct FormatTests {
  private static let formats: [PixelFormat] = [PixelFormat.Family.gray, .yuv, .rgb].flatMap { family in
    [8, 9, 10, 12, 14, 16].flatMap { depth in
      [(0, 0), (1, 0), (1, 1)].flatMap { chroma in
        [false, true].map {
          PixelFormat(
            family, depth: depth, log2ChromaWidth: family == .yuv ? chroma.0 : 0, log2ChromaHeight: family == .yuv ? chroma.1 : 0,
            alpha: $0)
        }
      }
    }
  }

  @Test func everySlotFormatThatFFmpegHasMapsBackToItself() {
    var found = 0
    for format in Self.formats {
      guard let av = PixelFormatMap.avFormat(format) else { continue }
      found += 1
      let mapping = PixelFormatMap.mapping(av)
      #expect(mapping?.format == format && mapping?.isDirect == true, "\(format)")
      #expect(PixelFormatMap.name(av) == format.description)
    }
    #expect(found > 60)
  }

  @Test func fullRangeVariantsAreTheSamePlanes() throws {
    let variant = try #require(PixelFormatMap.avFormat(.yuv420p, deprecatedFullRange: true))
    #expect(PixelFormatMap.name(variant) == "yuvj420p")
    let mapping = try #require(PixelFormatMap.mapping(variant))
    #expect(mapping.format == .yuv420p && mapping.isDirect && mapping.isFullRange)
    let plain = try #require(PixelFormatMap.avFormat(.yuv420p))
    #expect(PixelFormatMap.mapping(plain)?.isFullRange == false)
  }

  @Test func redGreenBlueStandInAnotherOrderInFFmpeg() {
    let format = PixelFormat(.rgb, depth: 8, alpha: true)
    #expect((0..<4).map { PixelFormatMap.avPlane($0, of: format) } == [2, 0, 1, 3])
    #expect((0..<3).map { PixelFormatMap.avPlane($0, of: .yuv420p) } == [0, 1, 2])
  }

  @Test func probingReportsRotationAspectAndColour() throws {
    let clip = try Media.make(
      "tagged.mp4",
      [
        "-f", "lavfi", "-i", "testsrc2=s=96x64:r=24000/1001:d=1,setsar=4/3", "-c:v", "libx264", "-pix_fmt", "yuv420p",
        "-color_range", "pc", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
      ])
    let turned = try Media.make("turned.mp4", ["-i", clip, "-c", "copy", "-metadata:s:v:0", "rotate=270"])
    let video = try #require(try MediaProbe.probe(path: turned).video)
    #expect(video.rotation == 3 || video.rotation == 1)
    #expect(video.sampleAspect == Rational(4, 3))
    #expect(video.color == ColorDescription(matrix: 1, primaries: 1, transfer: 1, fullRange: true))
    #expect(video.averageRate == Rational(24000, 1001) && video.frames == 24)
    #expect(video.width == 96 && video.height == 64 && video.codec == "h264" && video.slotBytes % 4096 == 0)
  }
}
