import AVBinding
import AudioEngine
import FrameModel
import SluiceBase

/// Directed sound at another rate: output frame m stands at sample m * input / output of it, whatever m the reading begins with. The bits
/// of a frame do not depend on that either: the resampler begins where input and output meet. Used from one thread.
final class ResampledSound {
  /// Largest numbers of the ratio; one that needs larger ones is taken as the nearest that does not (4 µs in an hour).
  static let largest: Int64 = 32768
  private static let largestChunk = 2048

  let source: DirectedSound
  let channels: Int
  private let resampler: SoundResampler?
  private let pool: BlockPool
  private let chunk: Int
  private var input: PlanarBuffer?
  private var output: PlanarBuffer?
  /// Next sample of the source that goes in; frames in `output` that wait, and those to be dropped.
  private var next: Int64 = 0
  private var first = 0
  private var available = 0
  private var dropped = 0

  /// - Parameter ratio: samples of the source for a frame, above 0.
  init(_ source: DirectedSound, ratio: Rational, pool: BlockPool) throws(SluiceError) {
    self.source = source
    self.pool = pool
    channels = source.timeline.feed.channels
    let ratio = ratio.approximated(Self.largest)
    if ratio == .one {
      resampler = nil
      chunk = 0
      return
    }
    let made = try SoundResampler(channels: channels, input: Int(ratio.num), output: Int(ratio.den))
    resampler = made
    // Slow sound needs little input for much output.
    chunk = Int(max(32, min(Int64(Self.largestChunk), Int64(Self.largestChunk) * ratio.num / ratio.den)))
    input = pool.take(channels: channels, frames: chunk)
    let room = Int((Int64(chunk) * ratio.den / ratio.num + 4096) / 4096) * 4096 + 4096
    output = pool.take(channels: channels, frames: room)
  }

  func giveBack() {
    if let input { pool.give(input) }
    if let output { pool.give(output) }
    (input, output) = (nil, nil)
    source.giveBack()
  }

  /// The next `read` begins with frame `position`.
  func start(at position: Int64) throws(SluiceError) {
    guard let resampler else {
      next = position
      return
    }
    try resampler.reset()
    let (p, q) = (Int64(resampler.input), Int64(resampler.output))
    // The last meeting of both that lies far enough before.
    let (quotient, rest) = (Int128(position) * Int128(p)).quotientAndRemainder(dividingBy: Int128(q))
    let sample = Int64(rest < 0 ? quotient - 1 : quotient) - Int64(resampler.reach)
    let meeting = sample >= 0 ? sample / p : -((-sample + p - 1) / p)
    next = meeting * p
    dropped = Int(position - meeting * q)
    (first, available) = (0, 0)
  }

  func read(count: Int, into target: SampleTarget) throws(SluiceError) {
    guard let resampler, let input, let output else {
      try source.read(at: next, count: count, into: target)
      next += Int64(count)
      return
    }
    var done = 0
    while done < count {
      if available == 0 {
        try source.read(at: next, count: chunk, into: SampleTarget(input))
        next += Int64(chunk)
        available = try resampler.process(
          input.base, stride: input.frames, count: chunk, to: output.base, stride: output.frames, room: output.frames)
        let drop = min(dropped, available)
        dropped -= drop
        first = drop
        available -= drop
        continue
      }
      let run = min(count - done, available)
      target.advanced(done).copy(SampleTarget(output, from: first), run)
      first += run
      available -= run
      done += run
    }
  }
}

extension Rational {
  /// The nearest whose numbers are not above `limit`, by continued fractions. Above zero.
  func approximated(_ limit: Int64) -> Rational {
    if num <= limit, den <= limit { return self }
    var (p0, q0, p1, q1): (Int64, Int64, Int64, Int64) = (0, 1, 1, 0)
    var (n, d) = (num, den)
    while d != 0 {
      let a = n / d
      let p = Int128(a) * Int128(p1) + Int128(p0), q = Int128(a) * Int128(q1) + Int128(q0)
      guard p <= Int128(limit), q <= Int128(limit) else { break }
      (p0, q0, p1, q1) = (p1, q1, Int64(p), Int64(q))
      (n, d) = (d, n % d)
    }
    return q1 == 0 || p1 == 0
      ? Rational(max(1, min(limit, num / max(1, den))), max(1, min(limit, den / max(1, num)))) : Rational(p1, q1)
  }
}
