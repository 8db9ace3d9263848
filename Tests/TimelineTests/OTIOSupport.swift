import FrameModel
import SluiceBase

@testable import Timeline

/// Texts of OpenTimelineIO objects.
enum OTIOText {
  static func time(_ value: Double, _ rate: Double = 24) -> String {
    #"{"OTIO_SCHEMA":"RationalTime.1","value":\#(value),"rate":\#(rate)}"#
  }
  static func range(_ start: Double, _ duration: Double, _ rate: Double = 24) -> String {
    #"{"OTIO_SCHEMA":"TimeRange.1","start_time":\#(time(start, rate)),"duration":\#(time(duration, rate))}"#
  }
  static func file(_ url: String, _ available: String = "null") -> String {
    #"{"OTIO_SCHEMA":"ExternalReference.1","target_url":"\#(url)","available_range":\#(available)}"#
  }
  /// `more`: further members, with a comma in front.
  static func clip(_ name: String, _ range: String, _ media: String? = nil, _ more: String = "") -> String {
    let media = media ?? file("\(name).mov", Self.range(0, 10000))
    return #"{"OTIO_SCHEMA":"Clip.1","name":"\#(name)","source_range":\#(range),"media_reference":\#(media)\#(more)}"#
  }
  static func gap(_ duration: Double) -> String { #"{"OTIO_SCHEMA":"Gap.1","source_range":\#(range(0, duration))}"# }
  static func transition(_ before: Double, _ after: Double, type: String = "SMPTE_Dissolve", _ more: String = "") -> String {
    #"{"OTIO_SCHEMA":"Transition.1","name":"t","transition_type":"\#(type)","in_offset":\#(time(before)),"out_offset":\#(time(after))\#(more)}"#
  }
  static func track(_ children: [String], kind: String = "Video", _ more: String = "") -> String {
    #"{"OTIO_SCHEMA":"Track.1","name":"T","kind":"\#(kind)","children":[\#(children.joined(separator: ","))]\#(more)}"#
  }
  static func stack(_ children: [String], _ more: String = "") -> String {
    #"{"OTIO_SCHEMA":"Stack.1","name":"S","children":[\#(children.joined(separator: ","))]\#(more)}"#
  }
  static func timeline(_ tracks: [String], _ more: String = "") -> String {
    #"{"OTIO_SCHEMA":"Timeline.1","name":"film","tracks":\#(stack(tracks))\#(more)}"#
  }
  static func effects(_ effects: String...) -> String { #","effects":[\#(effects.joined(separator: ","))]"# }
  static func warp(_ scalar: Double) -> String { #"{"OTIO_SCHEMA":"LinearTimeWarp.1","time_scalar":\#(scalar)}"# }
}

/// A timeline of these tracks.
func otio(_ tracks: String..., more: String = "", missing: @escaping (String) -> Bool = { _ in false }) throws -> OTIOResult {
  try otioFile(OTIOText.timeline(tracks, more), missing: missing)
}

func otioFile(_ text: String, missing: @escaping (String) -> Bool = { _ in false }) throws -> OTIOResult {
  try OTIOReader.read(bytes: Array(text.utf8), path: "/p/x.otio") { !missing($0) }
}

/// The error lines of a file.
func otioErrors(_ text: String) -> [String] {
  do {
    _ = try otioFile(text)
    return []
  } catch let error as ProjectErrors {
    return error.errors.map(\.description)
  } catch {
    return ["\(error)"]
  }
}

extension OTIOResult {
  /// Texts of the notes of one kind, with their places.
  func notes(_ kind: OTIONote.Kind) -> [String] { notes.filter { $0.kind == kind }.map(\.description) }
  func clip(_ index: Int, track: Int = 0) -> Project.Clip { project.tracks[track].clips[index] }
  func source(_ index: Int, track: Int = 0) -> Project.Source { project.sources[clip(index, track: track).source].source }
}

extension Project.Clip {
  /// Frames at 24 a second: where it starts, its length, and where it starts in its source.
  var frames24: [Int64] { [at, duration ?? .zero, `in`].map { ($0.resolve(fps: Rational(24)) * Rational(24)).rounded } }
}
