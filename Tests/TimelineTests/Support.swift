import FrameModel
import SluiceBase

@testable import Plan
@testable import Timeline

func video(
  _ path: String, width: Int = 1920, height: Int = 1080, duration: Rational? = Rational(10), rate: Rational = Rational(30),
  edit: (inout MediaInfo.Video) -> Void = { _ in }
) -> MediaInfo {
  var info = MediaInfo(path: path, kind: .video)
  var video = MediaInfo.Video()
  video.codec = "h264"
  video.width = width
  video.height = height
  video.averageRate = rate
  video.slotBytes = PlaneLayout.slotBytes(PlaneLayout(.yuv420p, width: width, height: height).bytes)
  video.pictureBuffers = 5
  edit(&video)
  info.video = video
  info.duration = duration
  info.container = "mov,mp4"
  info.fileBytes = 1234
  info.modified = 5678
  return info
}

func still(_ path: String, width: Int = 4000, height: Int = 3000) -> MediaInfo {
  var info = video(path, width: width, height: height, duration: nil, rate: .zero)
  info.kind = .image
  info.video?.pictureBuffers = 1
  return info
}

func table(_ infos: MediaInfo...) -> [String: MediaInfo] { Dictionary(uniqueKeysWithValues: infos.map { ($0.path, $0) }) }

/// The error lines of a project text.
func errorLines(_ text: String) -> [String] {
  do {
    _ = try ProjectReader.read(text: text, path: "/p/x.json")
    return []
  } catch {
    return error.errors.map(\.description)
  }
}

func compile(_ text: String, _ media: [String: MediaInfo], from: TimeValue? = nil, to: TimeValue? = nil) throws -> CompiledPlan {
  let project = try ProjectReader.read(text: text, path: "/p/x.json")
  return try PlanCompiler.compile(
    project, media: media, from: from, to: to, settings: project.output.settings(), decodeThreads: 2)
}

/// Description of the error that compiling throws; empty when it does not.
func compileError(_ text: String, _ media: [String: MediaInfo] = [:], from: TimeValue? = nil, to: TimeValue? = nil) -> String {
  do {
    _ = try compile(text, media, from: from, to: to)
    return ""
  } catch {
    return "\(error)"
  }
}

extension CompiledPlan {
  func layers(at frame: Int64) -> [Layer] {
    withView { view in
      var layers: [Layer] = []
      view.layers(at: frame, into: &layers)
      return layers
    }
  }
  var streams: [StreamRecord] { withView { view in (0..<view.streamCount).map(view.stream) } }
  var sources: [SourceRecord] { withView { view in (0..<view.sourceCount).map(view.source) } }
}

extension Project.Place {
  /// Of a place that stands still.
  func box(on canvas: Canvas) -> Rect {
    Rect(
      x: x.constant?.double ?? 0, y: y.constant?.double ?? 0, width: width?.constant?.double ?? Double(canvas.width),
      height: height?.constant?.double ?? Double(canvas.height))
  }
}

extension AnimatableRect {
  var rect: Rect {
    Rect(
      x: x.constant?.double ?? 0, y: y.constant?.double ?? 0, width: width.constant?.double ?? 0,
      height: height.constant?.double ?? 0)
  }
}
