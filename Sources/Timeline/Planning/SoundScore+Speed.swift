import FrameModel

extension SoundLane {
  /// The lane without what is too slow or too fast to be played, and with moved pitch where it cannot be kept. `warn`: what was done, by
  /// the clip's place.
  func playable(_ warn: (String) -> Void) -> SoundLane {
    var lane = self
    lane.items = items.compactMap { $0.playable(warn) }
    return lane
  }
}

extension SoundItem {
  fileprivate func playable(_ warn: (String) -> Void) -> SoundItem? {
    var item = self
    switch content {
    case .group(let lanes): item.content = .group(lanes.map { $0.playable(warn) })
    case .media(_, _, _, let time, _):
      let speed = time.speed.double.magnitude
      guard SoundSpeed.isAudible(time.speed) else {
        warn("\(place): its sound is silent: \(Self.text(speed)), and only 1/256 to 256 is played")
        return nil
      }
      guard preservesPitch, time.speed != .one, !SoundSpeed.keepsPitch(at: time.speed) else { return self }
      warn("\(place): its pitch moves with its speed: \(Self.text(speed)), and it can be kept from 1/16 to 16 only")
      item.preservesPitch = false
    }
    return item
  }

  private static func text(_ speed: Double) -> String { "it plays \(speed) times as fast as its source" }
}
