extension ColorDescription {
  /// The same with every unknown replaced by what players assume: an HD picture is BT.709, a smaller one BT.601;
  /// primaries and transfer follow the matrix. Transfer functions that are one curve (BT.709, BT.601, BT.2020) get one
  /// name, so that completed descriptions are equal when no conversion is needed.
  public func completed(width: Int, height: Int) -> ColorDescription {
    var result = self
    if matrix == 2 || matrix == 3 {
      if primaries == 9 {
        result.matrix = 9
      } else {
        result.matrix = width >= 1280 || height > 576 ? 1 : 6
      }
    }
    // 5 (BT.470BG) and 6 (SMPTE 170M) are the same matrix.
    if result.matrix == 5 { result.matrix = 6 }
    if primaries == 2 || primaries == 3 {
      result.primaries =
        switch result.matrix {
        case 9, 10: 9
        case 6: height == 576 ? 5 : 6
        default: 1
        }
    }
    if [2, 3, 6, 14, 15].contains(transfer) { result.transfer = 1 }
    return result
  }
}
