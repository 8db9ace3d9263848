extension Rational {
  /// A time in seconds as people read it: `00:01:05.876`, rounded to the millisecond.
  public var clock: String {
    let scaled = Int128(num) * 1000, unit = Int128(den)
    let size = Int128(scaled.magnitude)
    let total = size / unit + (size % unit * 2 >= unit ? 1 : 0)
    func padded(_ value: Int128, _ digits: Int) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
    }
    let seconds = total / 1000
    return (num < 0 && total > 0 ? "-" : "") + padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":"
      + padded(seconds % 60, 2) + "." + padded(total % 1000, 3)
  }
}
