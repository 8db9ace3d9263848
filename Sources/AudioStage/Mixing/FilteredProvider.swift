import AVBinding
import AudioEngine
import SluiceBase

/// A part of a chain through libavfilter: what comes before the filter is a mix of its own, which runs as far ahead as the filter wants.
/// It works on blocks of 1024 frames in the output's channels.
final class FilteredProvider: FedProvider, @unchecked Sendable {
  // Sendable: it has no thread but the one that renders.
  private static let block = 1024
  private let mix: SoundMix
  private let filter: SoundFilter
  private let input: PlanarBuffer
  private let pool: BlockPool
  /// Frames of the mix that are still to be dropped before its first, and that still go into the filter.
  private var lead: Int64
  private var left: Int64
  private var piece: SoundPiece?
  private var position: Int64 = 0

  init(_ part: Strip.Filtered, _ context: MixContext) throws(SluiceError) {
    let plan = context.plan
    mix = try SoundMix(context, root: .part(part))
    let place: String
    switch part.owner {
    case .clip(let clip):
      left = plan.clips[clip].end - plan.clips[clip].first + (mix.list.strips.first?.tail ?? 0)
      place = "the effect \"\(part.chain)\" of clip \(clip + 1) of the sound"
    case .track(let track):
      left = .max
      place = "the effect \"\(part.chain)\" of track \(track + 1) of the sound"
    }
    filter = try SoundFilter(part.chain, rate: plan.sampleRate, channels: plan.channels, place: place)
    lead = mix.list.lead
    pool = context.opener.pool
    input = pool.take(channels: plan.channels, frames: Self.block)
    super.init(channels: plan.channels, total: .max, pool: context.opener.pool, ahead: nil)
  }

  override func fill(count: Int, into target: SampleTarget) throws(SluiceError) {
    var done = 0
    while done < count {
      guard let current = try current() else {
        target.advanced(done).clear(count - done)
        position += Int64(count - done)
        return
      }
      let room = count - done
      if current.position > position {
        let silence = Int(min(Int64(room), current.position - position))
        target.advanced(done).clear(silence)
        done += silence
        position += Int64(silence)
        continue
      }
      let offset = Int(position - current.position)
      let run = min(room, current.count - offset)
      for channel in 0..<channels { current.copy(channel, from: offset, count: run, to: target.plane(channel) + done) }
      done += run
      position += Int64(run)
    }
  }

  /// What the filter gave that is not used up; nil: nothing comes any more.
  private func current() throws(SluiceError) -> SoundPiece? {
    while true {
      if let piece, piece.position + Int64(piece.count) > position { return piece }
      piece = try filter.receive()
      if piece != nil { continue }
      if filter.isAtEnd { return nil }
      try feed()
    }
  }

  private func feed() throws(SluiceError) {
    while lead > 0 {
      try mix.render { _ in }
      lead -= Int64(Quantum.frames)
    }
    guard left > 0 else { return try filter.finish() }
    let count = Int(min(Int64(Self.block), left))
    for first in stride(from: 0, to: Self.block, by: Quantum.frames) {
      try mix.render { quantum in
        for channel in 0..<quantum.channels {
          guard let from = quantum[channel].baseAddress else { continue }
          (input.base + channel * input.frames + first).update(from: from, count: Quantum.frames)
        }
      }
    }
    if left != .max { left -= Int64(count) }
    try filter.send(input.base, stride: input.frames, count: count)
  }

  override func note() -> SoundDamage? { filter.takeDamage() }
  override func closed() { pool.give(input) }
}
