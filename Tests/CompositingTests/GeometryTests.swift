import Compositing
import CompositingTestKit
import FrameModel
import Plan
import Testing

@Suite struct GeometryTests {
  private func points(_ box: Box) -> Set<[Int]> {
    var points: Set<[Int]> = []
    for y in box.y0..<max(box.y0, box.y1) { for x in box.x0..<max(box.x0, box.x1) { points.insert([x, y]) } }
    return points
  }

  @Test func aBoxWithoutAHoleIsCoveredByItsPartsOnce() {
    var random = SplitMix(state: 1)
    func box() -> Box {
      let x = Int.random(in: -4...12, using: &random), y = Int.random(in: -4...12, using: &random)
      return Box(x0: x, y0: y, x1: x + Int.random(in: 0...9, using: &random), y1: y + Int.random(in: 0...9, using: &random))
    }
    for _ in 0..<500 {
      let whole = box(), hole = box()
      var parts: [Box] = []
      whole.subtract(hole, into: &parts)
      let covered = parts.map(points)
      #expect(parts.count <= 4)
      #expect(covered.reduce(0) { $0 + $1.count } == covered.reduce(Set()) { $0.union($1) }.count, "no part lies over another")
      #expect(covered.reduce(Set()) { $0.union($1) } == points(whole).subtracting(points(hole)))
    }
  }

  @Test func boxesGrowToWholeChromaSamples() {
    let box = Box(x0: -3, y0: 1, x1: 4, y1: 7)
    #expect(box.grown(log2Width: 1, log2Height: 2) == Box(x0: -4, y0: 0, x1: 4, y1: 8))
    #expect(box.grown(log2Width: 0, log2Height: 0) == box)
  }

  @Test func onlyTheEndsOfASpanAreCoveredInPart() {
    let luma = Span(low: 1.25, high: 4.5, size: 10, log2: 0)
    #expect(luma.start == 1 && luma.count == 4)
    #expect((0..<4).map(luma.weight) == [49151, Span.full, Span.full, 32768])
    let chroma = Span(low: 1, high: 5, size: 5, log2: 1)
    #expect(chroma.start == 0 && chroma.count == 3)
    // The last sample of an odd canvas stands for one pixel.
    #expect((0..<3).map(chroma.weight) == [32768, Span.full, Span.full])
    let cut = luma.cut(2, 5)
    #expect(cut.start == 2 && cut.count == 3 && cut.first == Span.full && cut.last == 32768)
    #expect(luma.cut(8, 9).count == 0)
  }

  @Test func aPlacementTellsWhatIsScaledToWhere() throws {
    let canvas = Canvas.test(101, 50)
    let place = try #require(
      Placement(source: Rect(0, 0, 40, 20), destination: Rect(-20, 3, 80, 40), clip: Rect(0, 0, 200, 200), canvas: canvas))
    #expect(place.visible == Rect(0, 3, 60, 40) && place.box == Box(x0: 0, y0: 2, x1: 60, y1: 44))
    #expect(place.region == Rect(10, -0.5, 30, 21), "\(place.region)")
    #expect(!place.isWhole && place.isOfWholeSize)
    #expect(Placement(source: .unit, destination: Rect(101, 0, 5, 5), clip: Rect(0, 0, 200, 200), canvas: canvas) == nil)
    // The edge of an odd canvas is covered: there are no pixels beyond.
    #expect(Rect(1, 0, 100, 50).covered(in: canvas) == Box(x0: 2, y0: 0, x1: 101, y1: 50))
  }

  @Test func turnsByQuartersKeepTheCentre() {
    let rect = Rect(10, 20, 40, 10)
    #expect(rect.turned(1) == Rect(25, 5, 10, 40) && rect.turned(2) == rect && rect.turned(3) == rect.turned(1))
    // The upper left corner of a picture of 100x50 goes to the upper right, lower right, lower left.
    let corner = Rect(0, 0, 10, 5)
    let size = (width: 100.0, height: 50.0)
    #expect(corner.turned(1, within: size) == Rect(45, 0, 5, 10))
    #expect(corner.turned(2, within: size) == Rect(90, 45, 10, 5))
    #expect(corner.turned(3, within: size) == Rect(0, 90, 5, 10))
  }

  @Test func roundingErrorsOfPlansAreTakenAway() {
    #expect((2.9999999).snapped == 3 && (2.999).snapped == 2.999)
    #expect(Rect(0.9999999, 2, 3.0000001, 1.5).snapped == Rect(1, 2, 3, 1.5))
  }

  /// Each orientation takes a picture's corner to where it belongs.
  @Test func orientationsSwapAndReverseAxes() {
    var frame = FrameDescription(format: PixelFormat(.yuv, depth: 8, log2ChromaWidth: 1), width: 33, height: 20)
    let expected: [(swaps: Bool, x: Bool, y: Bool)] = [
      (false, false, false), (true, true, false), (false, true, true), (true, false, true),
    ]
    for rotation in 0..<4 {
      frame.rotation = rotation
      let upright = Orientation(frame)
      #expect(upright.swapsAxes == expected[rotation].swaps && upright.reversesX == expected[rotation].x)
      #expect(upright.reversesY == expected[rotation].y)
      #expect(upright.width == (rotation % 2 == 0 ? 33 : 20) && upright.height == (rotation % 2 == 0 ? 20 : 33))
      // Chroma is halved across; upright, down for a picture on its side.
      #expect(upright.format.log2ChromaWidth == (rotation % 2 == 0 ? 1 : 0))
      #expect(upright.paddedWidth == (rotation % 2 == 0 ? 34 : 20) && upright.paddedHeight == (rotation % 2 == 0 ? 20 : 34))
      #expect(upright.originX == (rotation == 2 ? 1 : 0) && upright.originY == (rotation == 3 ? 1 : 0))
    }
  }
}

extension Rect {
  fileprivate static let unit = Rect(0, 0, 1, 1)
}
