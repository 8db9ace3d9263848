import Foundation
import SluiceBase
import Testing

@testable import AudioEngine

/// The same filters in sox, which took the same cookbook's formulas.
@Suite struct SoxTests {
  struct Pair: Sendable, CustomTestStringConvertible {
    let type: BiquadFilterType
    let frequency: Double
    /// As sox has it: a factor.
    let q: Double
    let gain: Double
    let effect: [String]
    var testDescription: String { effect.joined(separator: " ") }
  }

  static let pairs: [Pair] = [
    Pair(type: .lowpass, frequency: 1000, q: 0.7, gain: 0, effect: ["lowpass", "-2", "1000", "0.7q"]),
    Pair(type: .lowpass, frequency: 250, q: 4, gain: 0, effect: ["lowpass", "-2", "250", "4q"]),
    Pair(type: .highpass, frequency: 3000, q: 1.5, gain: 0, effect: ["highpass", "-2", "3000", "1.5q"]),
    Pair(type: .bandpass, frequency: 2000, q: 3, gain: 0, effect: ["bandpass", "2000", "3q"]),
    Pair(type: .notch, frequency: 2000, q: 3, gain: 0, effect: ["bandreject", "2000", "3q"]),
    Pair(type: .allpass, frequency: 900, q: 2, gain: 0, effect: ["allpass", "900", "2q"]),
    Pair(type: .peaking, frequency: 5000, q: 2, gain: -9, effect: ["equalizer", "5000", "2q", "-9"]),
    Pair(type: .lowshelf, frequency: 300, q: 1, gain: 5, effect: ["bass", "5", "300", "1s"]),
    Pair(type: .highshelf, frequency: 4000, q: 1, gain: -7, effect: ["treble", "-7", "4000", "1s"]),
  ]

  @Test(arguments: pairs) func impulseResponsesAreThoseOfSox(_ pair: Pair) throws {
    let frames = 8192
    let decibels = [.lowpass, .highpass].contains(pair.type) ? 20 * log10(pair.q) : pair.q
    let ours = try BiquadTests.impulseResponse(
      pair.type, frequency: pair.frequency, q: decibels, gain: pair.gain, rate: 48000, frames: frames)

    // Half an impulse: sox holds samples to full scale.
    var impulse = [Float](repeating: 0, count: frames)
    impulse[0] = 0.5
    let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-sox-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output) = (folder.appending(path: "in.f32"), folder.appending(path: "out.f32"))
    try impulse.withUnsafeBytes { Data($0) }.write(to: input)
    let raw = ["-t", "f32", "-r", "48000", "-c", "1"]
    let sox = Process()
    sox.executableURL = URL(filePath: "/usr/bin/env")
    sox.arguments = ["sox", "-D", "-V1"] + raw + [input.path] + raw + [output.path] + pair.effect
    try sox.run()
    sox.waitUntilExit()
    try #require(sox.terminationStatus == 0, "sox failed; its package is in the Makefile's TEST_PACKAGES")
    let bytes = try Data(contentsOf: output)
    try #require(bytes.count == frames * 4)
    let theirs = bytes.withUnsafeBytes { raw in
      (0..<frames).map { 2 * Double(raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)) }
    }
    #expect(difference(ours, theirs) < 2e-7)
  }
}
