import FrameModel

/// How the sound of a run goes from its worker to the output; values of one run.
public struct SoundSetup: Equatable, Sendable {
  public enum Destination: Sendable {
    /// An encoder of its own makes a segment file of it, which is joined with the pictures' segments.
    case segment
    /// An encoder of its own writes the output: there are no pictures.
    case output
    /// The encoder of the only lane writes both into the output.
    case lane
  }
  public var destination: Destination
  /// Blocks of the whole sound.
  public var blocks: Int64
  public var sampleRate: Int
  /// Ring of its slots; set when the ring is made.
  public var ring = 0
  /// Blocks that an encoder may have at once.
  public var encodeCredit = 4
  /// Where pictures and sound go into one output: seconds by which one may be ahead of the other.
  public var lead = Rational(1)

  public init(_ destination: Destination, blocks: Int64, sampleRate: Int) {
    self.destination = destination
    self.blocks = blocks
    self.sampleRate = sampleRate
  }

  /// Second at which a block begins.
  func time(of block: Int64) -> Rational { Rational(block * Int64(SoundBlock.frames), Int64(sampleRate)) }
}
