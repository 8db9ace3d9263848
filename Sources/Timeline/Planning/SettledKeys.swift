import FrameModel
import Plan

// Keys stand at the frames that their times mean.
extension Animatable {
  func settled(on grid: FrameGrid) -> Animatable {
    guard case .keys(var keys) = self else { return self }
    for (index, time) in grid.keys(keys.map(\.time)).enumerated() { keys[index].time = time }
    return .keys(keys)
  }
}

extension AnimatableRect {
  fileprivate func settled(on grid: FrameGrid) -> AnimatableRect {
    AnimatableRect(
      x: x.settled(on: grid), y: y.settled(on: grid), width: width.settled(on: grid), height: height.settled(on: grid))
  }
}

extension Project.Clip {
  /// Keys count from the clip's start, which is at a frame itself.
  func settled(on grid: FrameGrid) -> Project.Clip {
    var clip = self
    clip.crop = crop?.settled(on: grid)
    clip.place.x = place.x.settled(on: grid)
    clip.place.y = place.y.settled(on: grid)
    clip.place.width = place.width?.settled(on: grid)
    clip.place.height = place.height?.settled(on: grid)
    clip.rotate = rotate.settled(on: grid)
    clip.opacity = opacity.settled(on: grid)
    clip.effects = effects.map { effect in
      guard case .avfilter(let chain, let parameters) = effect else { return effect }
      return .avfilter(chain, parameters: parameters.map { EffectParameter($0.name, $0.value.settled(on: grid)) })
    }
    return clip
  }
}
