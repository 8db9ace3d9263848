import FrameModel

/// Seconds of a timeline or a source at output second T: `offset + speed * T`. Exact.
package struct TimeMap: Hashable {
  package var offset: Rational
  package var speed: Rational

  package static let identity = TimeMap()

  package init(offset: Rational = .zero, speed: Rational = .one) {
    self.offset = offset
    self.speed = speed
  }
}

/// Where a picture lies, as numbers over time.
package struct Motion: Hashable {
  /// Seconds of the clip at output second T. Keys count these seconds.
  package var time: TimeMap
  /// Size of the upright picture in pixels, and the shape of one of them relative to a canvas pixel.
  package var width: Double
  package var height: Double
  package var aspect: Double
  package var fit: Fit
  /// nil: the whole picture.
  package var crop: AnimatableRect?
  package var place: AnimatableRect
  package var rotation: Animatable
  package var opacity: Animatable
  /// Index of the motion that places the canvas on which this picture lies; nil: the output's canvas.
  package var parent: Int?

  package init(
    time: TimeMap, width: Double, height: Double, aspect: Double, fit: Fit, crop: AnimatableRect?, place: AnimatableRect,
    rotation: Animatable, opacity: Animatable, parent: Int?
  ) {
    (self.time, self.width, self.height, self.aspect, self.fit) = (time, width, height, aspect, fit)
    (self.crop, self.place, self.rotation, self.opacity, self.parent) = (crop, place, rotation, opacity, parent)
  }
}

/// A picture in its place: `source` (pixels of the picture) lies over `destination`, and shows inside `clip`.
package struct Placed: Equatable {
  package var source: Rect
  package var destination: Rect
  package var clip: Rect

  package init(source: Rect, destination: Rect, clip: Rect) {
    self.source = source
    self.destination = destination
    self.clip = clip
  }

  /// `inner` is placed on the canvas that this picture shows. The result is its place on the canvas on which this picture lies.
  package func map(_ inner: Placed) -> Placed {
    let scaleX = destination.width / source.width, scaleY = destination.height / source.height
    func map(_ rect: Rect) -> Rect {
      Rect(
        x: destination.x + (rect.x - source.x) * scaleX, y: destination.y + (rect.y - source.y) * scaleY,
        width: rect.width * scaleX, height: rect.height * scaleY)
    }
    return Placed(
      source: inner.source, destination: map(inner.destination),
      clip: map(inner.clip).intersection(clip).intersection(destination))
  }
}
