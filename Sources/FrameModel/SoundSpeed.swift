/// Speeds at which sound is played, seconds of a source a second; those below zero are played backwards.
///
/// librubberband (3.1, its finer engine) is exact from 1/16 to 16: below 1/64 its output overruns its ring of 65,536 frames, which loses
/// sound and at last corrupts memory, and from 64 on it comes to no end.
public enum SoundSpeed {
  /// Where the pitch can be kept. Outside it moves with the speed.
  public static let pitchKept = Rational(1, 16)...Rational(16)
  /// Where anything is played. Outside is silence: 20 kHz played 256 times slower cannot be heard, and a second is 4 ms at 256.
  public static let audible = Rational(1, 256)...Rational(256)

  public static func keepsPitch(at speed: Rational) -> Bool { pitchKept.contains(speed < .zero ? -speed : speed) }
  public static func isAudible(_ speed: Rational) -> Bool { audible.contains(speed < .zero ? -speed : speed) }
}
