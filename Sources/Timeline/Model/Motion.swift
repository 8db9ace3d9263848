import FrameModel

/// Where a picture lies, as numbers over time.
struct Motion: Hashable {
  /// Seconds of the clip at output second T, which its keys count: offset + speed * T.
  var time: TimeMap
  /// Upright picture: pixels, and the shape of one relative to a canvas pixel.
  var width: Double
  var height: Double
  var aspect: Double
  var fit: Project.Fit
  /// nil: the whole picture.
  var crop: Project.Box?
  var place: Project.Box
  var rotation: Animatable
  var opacity: Animatable
  /// Index of the motion that places the canvas which this picture lies on.
  var parent: Int?
}

/// A picture in its place: `source` (pixels of the picture) lies over `destination`, and shows inside `clip`.
struct Placed: Equatable {
  var source: Rect
  var destination: Rect
  var clip: Rect

  /// A place on the canvas that this picture shows, as a place on the canvas where this picture lies.
  func map(_ inner: Placed) -> Placed {
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
