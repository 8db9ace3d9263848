/// Speeds at which sound is played, seconds of a source a second; those below zero are played backwards.
///
/// librubberband (3.1, its finer engine) is exact from 1/16 to 16. Below 1/64 its output overruns its ring of 65,536 frames, which
/// loses sound and in the end corrupts memory. From 64 on it never finishes.
public enum SoundSpeed {
  /// Speeds at which the pitch can be kept. At others it changes with the speed.
  public static let pitchKept = Rational(1, 16)...Rational(16)
  /// Speeds at which there is sound at all; others are silent. 20 kHz played 256 times slower cannot be heard, and a second
  /// played 256 times faster lasts 4 ms.
  public static let audible = Rational(1, 256)...Rational(256)

  public static func keepsPitch(at speed: Rational) -> Bool { pitchKept.contains(speed < .zero ? -speed : speed) }
  public static func isAudible(_ speed: Rational) -> Bool { audible.contains(speed < .zero ? -speed : speed) }
}
