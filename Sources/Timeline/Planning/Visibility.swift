import FrameModel

/// A stretch of time in which a clip is seen.
struct Segment {
  var clip: ResolvedClip
  /// Rises from bottom to top; the index of the track.
  var track: Int
  var first: Int64
  var end: Int64
}

/// Cuts out of every clip the time in which one opaque clip on a track above covers it whole.
struct Visibility {
  let canvas: Canvas
  let tracks: [[ResolvedClip]]
  /// Opaque visible clips of the tracks that have any, by rising first frame.
  private let covers: [(track: Int, clips: [ResolvedClip])]

  init(canvas: Canvas, tracks: [[ResolvedClip]]) {
    self.canvas = canvas
    self.tracks = tracks
    covers = tracks.enumerated().compactMap { track, clips in
      let opaque = clips.filter { $0.isVisible && $0.isOpaque }
      return opaque.isEmpty ? nil : (track, opaque)
    }
  }

  /// By rising first frame, then bottom to top.
  func segments(in range: Range<Int64>) -> [Segment] {
    var segments: [Segment] = []
    for (track, clips) in tracks.enumerated() {
      let above = covers[covers.partition { $0.track > track }...]
      for clip in clips where clip.isVisible {
        let first = max(clip.first, range.lowerBound), end = min(clip.end, range.upperBound)
        guard first < end else { continue }
        for part in uncovered(clip, first..<end, above) {
          segments.append(Segment(clip: clip, track: track, first: part.lowerBound, end: part.upperBound))
        }
      }
    }
    segments.sort { ($0.first, $0.track) < ($1.first, $1.track) }
    return segments
  }

  private func uncovered(_ clip: ResolvedClip, _ range: Range<Int64>, _ above: ArraySlice<(track: Int, clips: [ResolvedClip])>)
    -> [Range<Int64>]
  {
    // A cover that ends inside a chroma sample of the clip lets the clip's part of that sample through.
    let area = clip.destination.grown(log2Width: canvas.format.log2ChromaWidth, log2Height: canvas.format.log2ChromaHeight)
      .intersection(canvas.bounds)
    var hidden: [Range<Int64>] = []
    for (_, track) in above {
      var index = track.partition { $0.end > range.lowerBound }
      while index < track.count, track[index].first < range.upperBound {
        let cover = track[index]
        if cover.destination.contains(area) {
          let part = cover.first..<cover.end
          if part.lowerBound <= range.lowerBound, part.upperBound >= range.upperBound { return [] }
          hidden.append(part)
        }
        index += 1
      }
    }
    hidden.sort { $0.lowerBound < $1.lowerBound }
    var parts: [Range<Int64>] = []
    var at = range.lowerBound
    for cover in hidden {
      if cover.lowerBound > at { parts.append(at..<min(cover.lowerBound, range.upperBound)) }
      at = max(at, cover.upperBound)
    }
    if at < range.upperBound { parts.append(at..<range.upperBound) }
    return parts
  }
}

extension Array {
  /// Index of the first element for which `holds` is true, where it is false before and true from there on.
  func partition(_ holds: (Element) -> Bool) -> Int {
    var low = 0, high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
