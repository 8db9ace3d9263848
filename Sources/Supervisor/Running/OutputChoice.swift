import FrameModel
import Plan
import SluiceBase

/// From the project's `output` and the command line to the settings that decide the bytes.
struct OutputChoice {
  var settings: OutputSettings
  /// One line for the user: sound that the output cannot have.
  var note: String? = nil

  /// - Parameter hasSound: something of the timeline could be heard.
  init(_ configuration: RunConfiguration, hasSound: Bool) throws(SluiceError) {
    let format = try OutputChoice.format(configuration)
    if format.isForSoundAlone {
      settings = try OutputChoice.soundAlone(format, configuration, hasSound: hasSound)
      return
    }
    var output = configuration.project.output
    output.format = format.name
    output.codec = configuration.pictures.codec ?? output.codec ?? format.codec
    output.pixelFormat = configuration.pictures.pixelFormat ?? output.pixelFormat
    settings = output.settings()
    settings.options = OutputChoice.lastWords(settings.options + configuration.pictures.options)
    if let index = settings.options.firstIndex(where: { $0.name == "threads" }),
      let threads = Int(settings.options[index].value)
    {
      settings.threads = threads
      settings.options.remove(at: index)
    }
    guard hasSound, !configuration.sound.isOff else { return }
    settings.sound = SoundChoice.settings(configuration, format)
    guard settings.sound == nil else { return }
    let name = format.extensions.first ?? format.name
    if let codec = configuration.sound.codec {
      throw SluiceError(
        .usage, "\(name) has no sound, so \(codec) encodes nothing", at: "--audio-codec", advice: "use nut, mkv or mp4")
    }
    let advice = "use nut, mkv or mp4, or --no-audio to render without this line"
    note =
      configuration.encoderCommand != nil && format.sound.isEmpty
      ? "the encoder command gets \(name), which has no sound; --format nut has, --no-audio renders without this line"
      : "\(name) has no sound; \(format.extensions.isEmpty ? "name its codec with --audio-codec, or use --no-audio" : advice)"
  }

  /// Of options of one name the last one counts, in its place.
  static func lastWords(_ options: [OutputSettings.Option]) -> [OutputSettings.Option] {
    var result: [OutputSettings.Option] = []
    for option in options {
      result.removeAll { $0.name == option.name }
      result.append(option)
    }
    return result
  }

  private static func soundAlone(
    _ format: OutputFormat, _ configuration: RunConfiguration, hasSound: Bool
  ) throws(SluiceError) -> OutputSettings {
    let name = format.extensions.first ?? format.name
    if let codec = configuration.pictures.codec {
      throw SluiceError(
        .usage, "\(name) has no pictures, so \(codec) encodes nothing", at: "--codec",
        advice: "use --audio-codec, or a format with pictures")
    }
    guard !configuration.sound.isOff else {
      throw SluiceError(.usage, "\(name) has nothing but sound", at: "--no-audio", advice: "use a format with pictures")
    }
    guard hasSound else {
      throw SluiceError(
        .badInput, "there is no sound in it", at: configuration.project.path, advice: "\(name) has nothing but sound")
    }
    var settings = OutputSettings()
    settings.codec = ""
    settings.format = format.name
    settings.options = configuration.pictures.options
    settings.sound = SoundChoice.settings(configuration, format)
    return settings
  }

  /// `--format`, else the project's, else the file's ending; an external encoder gets y4m, which it recognises by itself.
  private static func format(_ configuration: RunConfiguration) throws(SluiceError) -> OutputFormat {
    if let name = configuration.format ?? configuration.project.output.format {
      guard let known = OutputFormat.named(name) else { return OutputFormat(unknown: name) }
      // `.mka` and the like: the same muxer, for sound alone.
      if known.name == name, let ending = try? OutputFormat.guess(name: configuration.output), ending.name == name {
        return ending
      }
      return known
    }
    if configuration.encoderCommand != nil { return OutputFormat.named("y4m") ?? OutputFormat(unknown: "yuv4mpegpipe") }
    return try OutputFormat.guess(name: configuration.output)
  }

  /// In order into one descriptor by one encoder: what is no file, what has no packets to join, and sound alone.
  static func isDirect(_ settings: OutputSettings, output: String, command: String?) -> Bool {
    command != nil || output == "-" || !settings.hasPictures || OutputTarget.isPipe(output)
      || ["rawvideo", "yuv4mpegpipe", "image2pipe", "nut"].contains(settings.format)
      || ["png", "rawvideo", "wrapped_avframe", "gif"].contains(settings.codec)
  }

  /// Whether the bytes of a picture depend on nothing before it, and nothing comes behind the last.
  static func isContinuable(_ settings: OutputSettings) -> Bool {
    settings.format == "yuv4mpegpipe" || settings.format == "rawvideo" && settings.codec == "rawvideo"
  }
}

/// How the sound is coded: the command line's word, else the project's, else what is usual in the container.
enum SoundChoice {
  /// nil: the container has none, or none is known for it.
  static func settings(_ configuration: RunConfiguration, _ format: OutputFormat) -> SoundSettings? {
    let project = configuration.project.output.audio
    var sound = SoundSettings()
    sound.sampleRate = configuration.project.sampleRate
    sound.channels = configuration.project.channels.count
    let usual = format.soundCodec(sampleRate: sound.sampleRate)
    // A container of the table that has no sound has none by any codec.
    guard !usual.isEmpty || format.extensions.isEmpty, let codec = configuration.sound.codec ?? project?.codec ?? some(usual)
    else {
      return nil
    }
    sound.codec = codec
    sound.bitRate = configuration.sound.bitRate ?? project?.bitRate ?? bitRate(sound)
    sound.options = OutputChoice.lastWords((project?.options ?? []) + configuration.sound.options)
    return sound
  }

  private static func some(_ name: String) -> String? { name.isEmpty ? nil : name }

  /// Bits a second where nobody says: more than the encoders' own defaults, which are audible. 0: the encoder's.
  static func bitRate(_ sound: SoundSettings) -> Int64 {
    guard sound.sampleRate >= 32000 else { return 0 }
    let channels = Int64(sound.channels)
    switch sound.codec {
    case "aac", "libmp3lame", "mp2", "libtwolame", "ac3", "eac3": return channels == 6 ? 448_000 : 96_000 * channels
    case "libopus": return channels == 6 ? 320_000 : 64_000 * channels
    default: return 0
    }
  }
}
