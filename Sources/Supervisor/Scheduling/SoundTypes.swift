import CSluice
import FrameModel
import SharedRing
import SluiceBase
import Timeline

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
  /// Deaths in a row, without a block in between, after which what sounds there is at fault.
  public var deaths = Int.max

  public init(_ destination: Destination, blocks: Int64, sampleRate: Int) {
    self.destination = destination
    self.blocks = blocks
    self.sampleRate = sampleRate
  }

  /// Second at which a block begins.
  func time(of block: Int64) -> Rational { Rational(block * Int64(SoundBlock.frames), Int64(sampleRate)) }
}

/// A block on its way.
struct SoundBlockUse: Sendable {
  var block: Int64
  var slot: SlotReference
  var ready = false
}

struct SoundState: Sendable {
  let setup: SoundSetup
  var worker: Int? = nil
  /// Of its own; nil in a lane's output.
  var encoder: Int? = nil
  /// In order: granted or filled, not with the encoder yet.
  var window: [SoundBlockUse] = []
  /// Granted before everything began again: they come back when they are filled.
  var abandoned: [SlotReference] = []
  var nextGrant: Int64 = 0
  var nextEncode: Int64 = 0
  var encoding = 0
  var begun = false
  var finishing = false
  var isWritten = false
  /// Deaths of the worker at this block, without another in between.
  var deaths = 0
  var deathBlock: Int64 = -1

  init(_ setup: SoundSetup) { self.setup = setup }

  var isSent: Bool { nextEncode == setup.blocks }
  /// Nothing of it is left to be done, as far as it does not go into a lane's output.
  var isDone: Bool { isWritten || setup.destination == .lane }
  /// Second up to which it is with its encoder.
  var sent: Rational { setup.time(of: nextEncode) }
}
