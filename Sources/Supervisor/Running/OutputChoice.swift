import FrameModel
import SluiceBase
import Timeline

/// From the project's `output` and the command line to the settings that decide the bytes.
enum OutputChoice {
  static func settings(_ configuration: RunConfiguration) throws(SluiceError) -> OutputSettings {
    let project = configuration.project
    var settings = OutputSettings()
    let guessed = try OutputFormat.choose(
      name: configuration.output, format: configuration.format ?? project.output.format,
      command: configuration.encoderCommand != nil)
    settings.format = guessed.format
    settings.codec = configuration.codec ?? project.output.codec ?? guessed.codec
    settings.pixelFormat = configuration.pixelFormat ?? project.output.pixelFormat ?? ""
    settings.width = project.canvas.width
    settings.height = project.canvas.height
    settings.rate = project.canvas.rate
    settings.color = project.canvas.color
    settings.sampleAspect = project.canvas.sampleAspect
    settings.threads = project.output.threads ?? 1
    var options: [OutputSettings.Option] = []
    if settings.codec == "libx264" || settings.codec == "libx265" {
      options.append(OutputSettings.Option("preset", project.output.preset ?? "veryfast"))
      options.append(OutputSettings.Option("crf", project.output.crf.map(Self.decimal) ?? "23"))
    } else {
      if let preset = project.output.preset { options.append(OutputSettings.Option("preset", preset)) }
      if let crf = project.output.crf { options.append(OutputSettings.Option("crf", Self.decimal(crf))) }
    }
    // The last word of an option counts.
    for option in project.output.options + configuration.encoderOptions {
      options.removeAll { $0.name == option.name }
      if option.name == "threads", let threads = Int(option.value) {
        settings.threads = threads
      } else {
        options.append(option)
      }
    }
    settings.options = options
    return settings
  }

  private static func decimal(_ value: Rational) -> String { value.den == 1 ? "\(value.num)" : "\(value.double)" }

  /// Frames in order into one descriptor by one encoder: what is no file, and what has no packets to join.
  static func isDirect(_ settings: OutputSettings, output: String, command: String?) -> Bool {
    command != nil || output == "-" || ["rawvideo", "yuv4mpegpipe", "image2pipe", "nut"].contains(settings.format)
      || ["png", "rawvideo", "wrapped_avframe", "gif"].contains(settings.codec)
  }
}
