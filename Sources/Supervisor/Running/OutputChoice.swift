import FrameModel
import SluiceBase
import Timeline

/// From the project's `output` and the command line to the settings that decide the bytes.
enum OutputChoice {
  static func settings(_ configuration: RunConfiguration) throws(SluiceError) -> OutputSettings {
    var output = configuration.project.output
    let format = try format(configuration)
    output.format = format.name
    output.codec = configuration.codec ?? output.codec ?? format.codec
    output.pixelFormat = configuration.pixelFormat ?? output.pixelFormat
    var settings = output.settings()
    let options = settings.options + configuration.encoderOptions
    settings.options = []
    // The last word of an option counts.
    for option in options {
      settings.options.removeAll { $0.name == option.name }
      if option.name == "threads", let threads = Int(option.value) {
        settings.threads = threads
      } else {
        settings.options.append(option)
      }
    }
    return settings
  }

  /// `--format`, else the project's, else the file's ending; an external encoder gets y4m, which it recognises by itself.
  private static func format(_ configuration: RunConfiguration) throws(SluiceError) -> (name: String, codec: String) {
    if let name = configuration.format ?? configuration.project.output.format {
      guard let known = OutputFormat.named(name) else { return (name, "libx264") }
      return (known.name, known.codec)
    }
    if configuration.encoderCommand != nil { return ("yuv4mpegpipe", "rawvideo") }
    let known = try OutputFormat.guess(name: configuration.output)
    return (known.name, known.codec)
  }

  /// Frames in order into one descriptor by one encoder: what is no file, and what has no packets to join.
  static func isDirect(_ settings: OutputSettings, output: String, command: String?) -> Bool {
    command != nil || output == "-" || ["rawvideo", "yuv4mpegpipe", "image2pipe", "nut"].contains(settings.format)
      || ["png", "rawvideo", "wrapped_avframe", "gif"].contains(settings.codec)
  }
}
