import AVBinding
import FrameModel
import SharedRing
import SluiceBase

/// Hands pictures out backwards: decodes forward from a random access point up to the picture wanted, keeps the last ones
/// of them, and goes back when those are used up. A stretch between key frames that is longer than what may be kept is
/// decoded again for every part of it. Used from one thread.
final class ReverseDelivery {
  private let request: DecodeRequest
  private let source: any PictureSource
  private let provider: any SlotProvider
  /// Pictures that may be kept.
  private var kept: Int
  private let decoded: (Picture?) -> Void
  /// Rising; the last is the one shown next, or after it.
  private var window: [Picture] = []
  private var reachesStart = false

  /// - Parameter decoded: called for every picture that the source gives, and at its end.
  init(
    _ request: DecodeRequest, _ source: any PictureSource, _ provider: any SlotProvider, decoded: @escaping (Picture?) -> Void
  ) {
    self.request = request
    self.source = source
    self.provider = provider
    self.decoded = decoded
    kept = max(2, request.windowBytes / max(provider.slotBytes, 1))
  }

  /// Effects with a state depend on how the source is cut into windows, which begins at `firstFrame`.
  func run(_ publisher: SlotPublisher) throws(SluiceError) {
    var frame = request.isStateful ? request.firstFrame : request.startFrame
    while frame < request.endFrame, !provider.isCancelled {
      let limit = source.clock.limit(request.time(of: frame))
      if window.isEmpty || (limit < window[0].tick && !reachesStart) { try refill(limit) }
      if provider.isCancelled { return }
      let index = window.lastIndex { $0.tick <= limit } ?? 0
      guard window.indices.contains(index) else {
        throw SluiceError(
          .badInput, "no picture could be decoded", at: request.place, advice: "the file may be damaged or incomplete")
      }
      window.removeSubrange((index + 1)...)
      let picture = window[index]
      let first = max(frame, request.startFrame)
      repeat {
        frame += 1
      } while frame < request.endFrame
        && (index == 0 && reachesStart || source.clock.limit(request.time(of: frame)) >= picture.tick)
      if frame > first { try publisher.publish(picture, first: first, count: frame - first) }
    }
  }

  private func refill(_ limit: Int64) throws(SluiceError) {
    window = []
    var hasDropped = false
    try source.position(before: limit, keeping: kept - 1)
    while !provider.isCancelled {
      let picture = try source.next()
      decoded(picture)
      guard let picture else { break }
      if window.isEmpty { kept = max(2, request.windowBytes / max(provider.slotBytes, bytes(picture))) }
      if let last = window.last {
        if picture.tick > limit { break }
        // A damaged picture stands in only where there is no good one before.
        if picture.isDamaged, !last.isDamaged { continue }
        if last.isDamaged, !picture.isDamaged { window.removeLast() }
      }
      window.append(picture)
      if window.count > kept {
        window.removeFirst()
        hasDropped = true
      }
    }
    reachesStart = source.isAtBeginning && !hasDropped
  }

  private func bytes(_ picture: Picture) -> Int {
    picture.frame.mapping.map { PlaneLayout($0.format, width: picture.frame.width, height: picture.frame.height).bytes } ?? 0
  }
}
