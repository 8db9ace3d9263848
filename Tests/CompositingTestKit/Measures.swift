import Foundation

/// The largest difference between two sets of samples.
public func largestDifference(_ a: [Int], _ b: [Int]) -> Int {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// Peak signal to noise ratio in decibels; `top` is the largest code value.
public func psnr(_ a: [Int], _ b: [Double], top: Double = 255) -> Double {
  let squares = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return squares == 0 ? .infinity : 10 * log10(top * top * Double(a.count) / squares)
}
