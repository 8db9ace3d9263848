import AVBinding
import AudioEngine
import FrameModel
import SluiceBase

/// What of a source is heard, and how: the part of a clip that a reader needs.
public struct SoundSelection: Hashable, Sendable {
  public var source: SourceKey
  /// Among its sound streams.
  public var stream = 0
  /// Presentation time that is the source's 0, seconds.
  public var zero = Rational.zero
  /// Source seconds a second; negative: backwards.
  public var speed = Rational.one
  /// Within `SoundSpeed.pitchKept`; outside it moves.
  public var preservesPitch = true
  public var loops = false
  /// Seconds of the media, what loops; nil: to its end.
  public var length: Rational? = nil
  public init(_ source: SourceKey) { self.source = source }
}

/// Sound of a source at the output's rate, read one frame after another from any place: the same frame has the same bits wherever the
/// reading began (with the pitch kept at another speed: frame 0 is where it began). Used from one thread.
public final class SoundReader {
  public let channels: Int
  let timeline: SourceTimeline
  private let rate: Int
  private let selection: SoundSelection
  private let resampled: ResampledSound
  private let stretched: StretchedSound?

  /// Opens the source. Throws 65, 66, 69 with its name.
  public convenience init(_ selection: SoundSelection, rate: Int, pool: BlockPool = BlockPool()) throws(SluiceError) {
    try self.init(selection, try SoundReader.open(selection), rate: rate, pool: pool)
  }

  init(_ selection: SoundSelection, _ timeline: SourceTimeline, rate: Int, pool: BlockPool) throws(SluiceError) {
    self.selection = selection
    self.rate = rate
    self.timeline = timeline
    let own = timeline.feed.rate
    channels = timeline.feed.channels
    var loop: Int64?
    if selection.loops {
      if let length = selection.length { loop = (length * Rational(Int64(own))).rounded } else { loop = try timeline.measure() }
    }
    let directed = DirectedSound(timeline, isReversed: selection.speed < .zero, loop: loop, pool: pool)
    let amount = selection.speed < .zero ? -selection.speed : selection.speed
    let keepsPitch = selection.preservesPitch && amount != .one && SoundSpeed.keepsPitch(at: amount)
    let ratio = Rational(Int64(own), Int64(rate)) * (keepsPitch ? .one : amount)
    resampled = try ResampledSound(directed, ratio: ratio, pool: pool)
    stretched = keepsPitch ? StretchedSound(resampled, rate: rate, speed: amount, pool: pool) : nil
  }

  static func open(_ selection: SoundSelection) throws(SluiceError) -> SourceTimeline {
    switch selection.source {
    case .file(let path): return SourceTimeline(try SoundFile(path: path, stream: selection.stream, zero: selection.zero))
    case .filterGraph(let text):
      return SourceTimeline(try SoundFilterSource(text, stream: selection.stream, zero: selection.zero))
    case .sequence, .title, .subtitles:
      throw SluiceError(.badInput, "this source has no sound", at: selection.source.place)
    }
  }

  /// Gives its buffers back to the pool; it is not used again.
  func giveBack() { if let stretched { stretched.giveBack() } else { resampled.giveBack() } }

  /// The next `read` begins with this second of the source, at the nearest frame.
  public func start(at second: Rational) throws(SluiceError) {
    let frames = Rational(Int64(rate))
    let isBack = selection.speed < .zero
    if let stretched {
      try stretched.start(at: ((isBack ? -second : second) * frames).rounded)
    } else {
      try start(frame: (second * frames / selection.speed).rounded)
    }
  }

  /// The same by number: frame n stands at the source's second n * speed / rate. Not where the pitch is kept at another speed.
  public func start(frame: Int64) throws(SluiceError) { try resampled.start(at: frame) }

  func read(count: Int, into target: SampleTarget) throws(SluiceError) {
    if let stretched {
      try stretched.read(count: count, into: target)
    } else {
      try resampled.read(count: count, into: target)
    }
  }

  /// The next `count` frames into `buffer` from its frame `first` on.
  public func read(into buffer: PlanarBuffer, from first: Int = 0, count: Int) throws(SluiceError) {
    precondition(buffer.channels == channels && first >= 0 && first + count <= buffer.frames, "a buffer too small for a reader")
    try read(count: count, into: SampleTarget(buffer, from: first))
  }

  /// What was damaged since it was asked last, with the file's name; nil: nothing.
  public func takeDamage() -> SoundDamage? {
    guard var damage = timeline.feed.takeDamage() else { return nil }
    damage.text = "\(selection.source.place): \(damage.text)"
    return damage
  }
}
