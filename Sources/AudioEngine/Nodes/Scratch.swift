/// Memory for the values of a node's parameters during one quantum.
struct Scratch {
  static let rows = 6
  let base: UnsafeMutablePointer<Double>
  func values(_ row: Int) -> UnsafeMutablePointer<Double> { base + row * Quantum.frames }
}
