import FrameModel
import Plan

/// Words for places in the sources and in the output.
struct PlaceText: Sendable {
  let plan: PlanView

  /// "clip.mp4, at 00:00:01.250".
  func picture(_ record: Int, _ frame: Int64) -> String {
    let stream = plan.stream(record)
    let time = stream.start + stream.step * Rational(frame - stream.firstFrame)
    return "\(plan.source(stream.source).place), at \(time.clock)"
  }

  /// "output frame 30, at 00:00:01.250".
  func frame(_ number: Int64) -> String {
    "output frame \(number), at \((Rational(number) / plan.canvas.rate).clock)"
  }

  /// "clip.mp4, at 00:00:01.250 (output frame 30)", or as `frame` for whole frames.
  func filtered(_ record: Int?, _ frame: Int64) -> String {
    record.map { "\(picture($0, frame)) (output frame \(frame))" } ?? self.frame(frame)
  }

  /// Time of a block, and the files that are heard in it.
  func block(_ block: Int64) -> String {
    guard let sound = plan.sound else { return "sound" }
    let first = block * Int64(SoundBlock.frames), end = first + Int64(SoundBlock.frames)
    var files: [String] = []
    for clip in sound.clips where clip.first < end && clip.end > first {
      let path = plan.source(clip.source).place
      if !files.contains(path) { files.append(path) }
    }
    let time = (sound.start + Rational(first, Int64(sound.sampleRate))).clock
    let more = files.count > 3 ? " and \(files.count - 3) more" : ""
    return "\(files.isEmpty ? "sound" : files.prefix(3).joined(separator: ", ") + more), at \(time) of the timeline"
  }

  /// " of a.mp4, b.mp4": sources of streams, each once.
  func sources(of records: some Sequence<Int>) -> String {
    var shown: [String] = []
    for record in records {
      let text = plan.source(plan.stream(record).source).place
      if !shown.contains(text) { shown.append(text) }
    }
    return shown.isEmpty ? "" : " of \(shown.joined(separator: ", "))"
  }

  /// "3 times in a row ".
  static func times(_ deaths: Int) -> String { deaths > 1 ? "\(deaths) times in a row " : "" }
}
