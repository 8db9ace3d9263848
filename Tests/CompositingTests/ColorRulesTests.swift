import Compositing
import CompositingTestKit
import FrameModel
import Plan
import Testing

@Suite struct ColorRulesTests {
  private func pair(_ color: ColorDescription, _ format: PixelFormat = .yuv420p, width: Int = 1920, on canvas: Canvas)
    -> ColorPair
  {
    var frame = FrameDescription(format: format, width: width, height: width * 9 / 16)
    frame.color = color
    return ColorPair(frame, canvas: canvas)
  }
  private let canvas = Canvas.test(1920, 1080)

  @Test func coloursOfTheCanvasAreNotConverted() {
    #expect(pair(.bt709, on: canvas).isSame)
    #expect(!pair(.bt601, on: canvas).isSame)
    #expect(!pair(ColorDescription(matrix: 1, fullRange: true), on: canvas).isSame)
  }

  @Test func anUnknownMatrixGoesByTheSize() {
    #expect(pair(ColorDescription(matrix: 2), width: 1920, on: canvas).sourceMatrix == 1)
    #expect([5, 6].contains(pair(ColorDescription(matrix: 2), width: 640, on: canvas).sourceMatrix))
  }

  @Test func primariesAreConvertedOnlyWhereBothAreKnownAndDiffer() {
    let wide = pair(ColorDescription(matrix: 9, primaries: 9, transfer: 1), on: canvas)
    #expect(wide.sourcePrimaries == 9 && wide.targetPrimaries == 1 && wide.sourceTransfer == 1)
    let unknown = pair(ColorDescription(matrix: 9, primaries: 2, transfer: 16), on: canvas)
    #expect(unknown.sourcePrimaries == unknown.targetPrimaries && unknown.sourceTransfer == unknown.targetTransfer)
  }

  @Test func grayHasTheCanvassMatrixAndRGBIsFullRange() {
    let gray = pair(.bt601, PixelFormat(.gray, depth: 8), on: canvas)
    #expect(gray.sourceMatrix == gray.targetMatrix)
    let rgb = pair(.bt709, PixelFormat(.rgb, depth: 8), on: canvas)
    #expect(rgb.sourceMatrix == 0 && rgb.sourceFullRange && !rgb.targetFullRange)
  }

  @Test func coloursAreRoundedToTheNearestCodeValues() {
    let red = RGBA(red: 1, green: 0, blue: 0)
    #expect(ColorRules.samples(red, canvas: canvas) == [63, 102, 240])
    #expect(ColorRules.samples(red, canvas: .test(64, 64, format: .yuv420p10)) == [250, 409, 960])
    #expect(ColorRules.samples(red, canvas: .test(64, 64, format: PixelFormat(.rgb, depth: 8))) == [255, 0, 0])
    #expect(ColorRules.samples(red, canvas: .test(64, 64, format: PixelFormat(.gray, depth: 8))) == [63])
    #expect(ColorRules.samples(RGBA(red: 9, green: .nan, blue: -1), canvas: canvas) == [63, 102, 240])
  }
}
