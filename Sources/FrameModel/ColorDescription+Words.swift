extension ColorDescription {
  /// For people: `BT.709`, `BT.2020, PQ`, `BT.601, full range`, `matrix RGB, BT.709, sRGB`; `not tagged` when nothing is known.
  public var words: String {
    let primaries = Self.name(Self.primariesNames, primaries), matrix = Self.name(Self.matrixNames, matrix)
    let transfer = Self.name(Self.transferNames, transfer)
    var parts: [String] = []
    // The usual triples have one name.
    if let primaries, primaries == matrix || matrix == nil {
      parts.append(primaries)
    } else {
      if let matrix { parts.append("matrix \(matrix)") }
      if let primaries { parts.append(matrix == nil ? primaries : "primaries \(primaries)") }
    }
    if let transfer, transfer != parts.first { parts.append(parts.isEmpty ? "transfer \(transfer)" : transfer) }
    if parts.isEmpty { parts.append("not tagged") }
    return (parts + (fullRange ? ["full range"] : [])).joined(separator: ", ")
  }

  /// nil where it says nothing.
  private static func name(_ names: [UInt8: String], _ code: UInt8) -> String? {
    code == 2 ? nil : names[code] ?? "H.273 code \(code)"
  }

  private static let primariesNames: [UInt8: String] = [
    1: "BT.709", 4: "BT.470 M", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 8: "film", 9: "BT.2020", 10: "XYZ", 11: "DCI-P3",
    12: "Display P3", 22: "EBU 3213",
  ]
  private static let matrixNames: [UInt8: String] = [
    0: "RGB", 1: "BT.709", 4: "FCC", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 8: "YCgCo", 9: "BT.2020",
    10: "BT.2020 constant luminance", 14: "ICtCp",
  ]
  private static let transferNames: [UInt8: String] = [
    1: "BT.709", 4: "gamma 2.2", 5: "gamma 2.8", 6: "BT.601", 7: "SMPTE 240M", 8: "linear", 13: "sRGB", 14: "BT.2020",
    15: "BT.2020", 16: "PQ", 18: "HLG",
  ]
}
