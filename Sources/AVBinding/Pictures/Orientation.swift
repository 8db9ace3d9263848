/// How a picture is turned to be upright: mirrored left to right first, then quarter turns clockwise.
public struct Orientation: Equatable, Sendable {
  public var quarterTurns = 0
  public var mirrored = false

  public init(quarterTurns: Int = 0, mirrored: Bool = false) {
    self.quarterTurns = quarterTurns
    self.mirrored = mirrored
  }

  /// From a display matrix (`libavutil/display.h`: nine 16.16 and 2.30 numbers, a b u c d v x y w). Angles between
  /// quarter turns go to the nearest one. nil for a matrix that turns nothing into nothing.
  init?(displayMatrix matrix: UnsafePointer<Int32>) {
    var a = Int64(matrix[0]), b = Int64(matrix[1])
    let c = Int64(matrix[3]), d = Int64(matrix[4])
    let area = a * d - b * c
    guard area != 0 else { return nil }
    mirrored = area < 0
    if mirrored { (a, b) = (-a, -b) }
    quarterTurns = abs(a) >= abs(b) ? (a > 0 ? 0 : 2) : (b > 0 ? 1 : 3)
  }
}
