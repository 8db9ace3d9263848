import AVBinding
import FrameModel
import SharedRing
import SluiceBase
import TextDrawing

/// Delivers subtitles: for every output frame what stands on the canvas at its time, a new picture only where that
/// changes. Plays at any speed, and backwards. Used from one thread.
final class SubtitleDelivery {
  private let request: DecodeRequest
  private let key: SubtitlesKey
  private let provider: any SlotProvider
  private let clock = TickClock(timeBase: Rational(1, 1000), origin: 0)

  init(_ request: DecodeRequest, _ key: SubtitlesKey, _ provider: any SlotProvider) {
    self.request = request
    self.key = key
    self.provider = provider
  }

  func run(_ busy: BusyClock) throws(SluiceError) {
    guard request.effects.isStateless else {
      throw SluiceError(.badInput, "effects that look at several pictures cannot be used on subtitles", at: request.place)
    }
    let track = try SubtitleFile.track(key)
    let first = request.startFrame
    var picture = try draw(track, at: first)
    let source = DrawnSource(picture.frame)
    let publisher = SlotPublisher(
      source, provider, place: request.place, effects: request.effects.isEmpty ? nil : ShownEffects(request, source), still: nil)
    var begun = first
    for frame in first..<request.endFrame where frame > first {
      if provider.isCancelled { return }
      guard track.changes(at: tick(frame)) else { continue }
      try publisher.publish(picture, first: begun, count: frame - begun)
      picture = Picture(frame: try DrawnPicture.subtitles(track, key), tick: tick(frame), duration: 0)
      begun = frame
      busy.tick()
    }
    try publisher.publish(picture, first: begun, count: request.endFrame - begun)
  }

  private func draw(_ track: SubtitleTrack, at frame: Int64) throws(SluiceError) -> Picture {
    _ = track.changes(at: tick(frame))
    return Picture(frame: try DrawnPicture.subtitles(track, key), tick: tick(frame), duration: 0)
  }

  /// The nearest millisecond.
  private func tick(_ frame: Int64) -> Int64 { clock.limit(request.time(of: frame)) }
}
