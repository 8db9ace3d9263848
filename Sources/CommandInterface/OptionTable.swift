extension Option {
  private static let making: Set<CommandName> = [.render, .grid, .launch]
  private static let working: Set<CommandName> = [.render, .grid, .launch, .frame, .probe, .validate, .doctor]

  public static let output = Option(
    "output", short: "o", "OUT", .file, for: making.union([.frame]),
    "file to write; - is standard output (needs --format)")
  public static let yes = Option("yes", short: "y", for: making.union([.frame]), "replace an output that exists")
  public static let from = Option("from", "T", .time, for: [.render, .grid, .launch], "start at this time of the timeline")
  public static let to = Option("to", "T", .time, for: [.render, .grid, .launch], "end before this time of the timeline")

  public static let columns = Option(
    "columns", "N", .count(1...1000), for: [.grid], "columns of the grid; default: nearly square")
  public static let canvas = Option("canvas", "WxH", .canvas, for: [.grid], "size of the picture; default 1920x1080")
  public static let fps = Option(
    "fps", "R", .rate, for: [.grid], "frames a second: 30, 29.97 or 30000/1001; default: the highest of the clips, at most 60")
  public static let gap = Option("gap", "PX", .count(0...10000), for: [.grid], "pixels between the cells; default 0")
  public static let duration = Option(
    "duration", "T", .time, for: [.grid], "length of the video; default: the longest clip, or 10 seconds for photographs alone")
  public static let scroll = Option(
    "scroll", "PX_PER_S", .number, for: [.grid], "let the grid scroll up at this speed, endlessly; below zero: down")
  public static let labels = Option("labels", for: [.grid], "write the files' names below their cells")
  public static let beyond = Option(
    "beyond", "WHAT", .choice(["hold", "loop", "cut"]), for: [.grid],
    "what a clip shows that is shorter than the grid: hold its last picture, loop from its start, or cut to the background; "
      + "default loop, as in a project's grid")
  public static let printProject = Option(
    "print-project", for: [.grid], "print the project as JSON instead of rendering it")

  public static let at = Option("at", "T", .time, for: [.frame], "the frame shown at this time")
  public static let number = Option("number", "N", .count(0...Int.max), for: [.frame], "the frame of this number, from 0")

  public static let codec = Option("codec", "NAME", .text, for: making, "encoder of libavcodec for the pictures; default libx264")
  public static let preset = Option("preset", "NAME", .text, for: making, "the encoder's preset; for libx264 default veryfast")
  public static let crf = Option("crf", "N", .number, for: making, "constant quality; for libx264 default 23, lower is better")
  public static let pixelFormat = Option(
    "pixel-format", "FMT", .text, for: making,
    "pixel format that is encoded: yuv420p; default: the canvas's, where the encoder takes it")
  public static let encoderOption = Option(
    "encoder-option", "K=V", .assignment, repeats: true, for: making,
    "an option of the encoder or muxer, as ffmpeg names it; may be repeated")
  public static let format = Option(
    "format", "FMT", .text, for: making,
    "container or raw format: mp4, mov, mkv, webm, y4m, nut, rawvideo; sound alone: wav, flac, m4a, mp3, opus, ogg; default: by OUT's ending"
  )
  public static let encoderCommand = Option(
    "encoder-command", "COMMAND", .text, for: making,
    "start this command as the encoder and feed it the frames on its standard input; --format says how, default y4m, which has no sound: nut has"
  )

  public static let memory = Option(
    "memory", "SIZE", .size, for: making.union([.frame]), "bound on the memory of all processes together; default 1GiB")
  public static let decoders = Option("decoders", "N", .count(1...32), for: making, "decoder processes")
  public static let renderers = Option("renderers", "N", .count(1...32), for: making, "renderer processes")
  public static let encoders = Option("encoders", "N", .count(1...32), for: making, "encoder processes")
  public static let backend = Option(
    "backend", "NAME", .choice(["auto", "cpu", "egl"]), for: making, "what draws: auto, cpu or egl; default auto")
  public static let noAudio = Option("no-audio", for: making, "leave the sound out")
  public static let audioCodec = Option(
    "audio-codec", "NAME", .text, for: making, "encoder of libavcodec for the sound; default: what is usual in the container")
  public static let audioBitrate = Option(
    "audio-bitrate", "RATE", .bitRate, for: making, "bits a second of the sound: 192k; default by codec and channels")
  public static let audioOption = Option(
    "audio-option", "K=V", .assignment, repeats: true, for: making,
    "an option of the sound's encoder, as ffmpeg names it; may be repeated")
  public static let channels = Option(
    "channels", "N", .choice(["1", "2", "6"]), for: making, "1 mono, 2 stereo, 6 for 5.1; default: the canvas's")
  public static let sampleRate = Option(
    "sample-rate", "HZ", .count(8000...192_000), for: making, "samples a second; default: the project's, 48000")
  public static let loudness = Option(
    "loudness", "LUFS", .number, for: making, "bring the whole to this loudness: -14, -23; default: as it is mixed")
  public static let cache = Option(
    "cache", "DIR", .directory, for: making.union([.doctor]),
    "where finished segments are kept and found; default: $XDG_CACHE_HOME/sluice or ~/.cache/sluice")
  public static let cacheLimit = Option(
    "cache-limit", "SIZE", .size, for: making.union([.doctor]),
    "the segments that were not used for longest are removed where there would be more; default 20GiB")
  public static let cleanCache = Option(
    "cache", immediate: true, for: [.clean], "remove the finished segments that are kept, too")
  public static let noCache = Option("no-cache", for: making, "render every frame anew, use and keep no finished segments")
  public static let onError = Option(
    "on-error", "WHAT", .choice(["fail", "hold"]), for: making,
    "when a worker ends again and again at the same frame, or a source cannot be read on: fail ends the run, hold keeps the "
      + "last good frame; default fail. Pictures that are damaged are no such failure: they are held, with a warning")
  public static let launch = Option(
    "launch", "FILE", .file, for: [.render, .grid, .frame], "launch file that says which workers run")
  public static let stats = Option("stats", "FILE", .file, for: making, "write statistics as JSON; - is standard output")
  public static let progress = Option(
    "progress", "HOW", .choice(["auto", "bar", "plain", "json", "none"]), for: making,
    "bar, plain lines, json lines or none, on standard error; default auto: a bar on a terminal, else plain")
  public static let workerDirectory = Option(
    "worker-directory", "DIR", .directory, for: working,
    "where the worker programs lie; default: beside sluice or in ../libexec/sluice")

  public static let role = Option(
    "role", "ROLE", .choice(["decoder", "renderer", "encoder"]), for: [.attach], "what the new workers do")
  public static let count = Option("count", "N", .count(1...32), for: [.attach], "how many new workers; default 1")

  public static let tracks = Option("tracks", "N", .count(1...1024), for: [.bench], "tracks of the audio benchmark; default 64")
  public static let seconds = Option(
    "seconds", "N", .count(1...86400), for: [.bench], "seconds that the audio benchmark plays; default 60")

  public static let json = Option("json", for: [.probe, .doctor, .bench, .ps], "print JSON")

  public static let help = Option("help", short: "h", immediate: true, for: Set(CommandName.allCases), "print this help")
  public static let version = Option("version", short: "V", immediate: true, for: [], "print the version")
  public static let completion = Option(
    "completion", "SHELL", .choice(["bash", "zsh", "fish"]), immediate: true, for: [], "print a completion script for this shell")
  public static let manPage = Option("man-page", immediate: true, for: [], "print the manual page")

  /// Every option, in the order of help.
  public static let all: [Option] = [
    output, yes, from, to,
    columns, canvas, fps, gap, duration, scroll, labels, beyond, printProject,
    at, number,
    codec, preset, crf, pixelFormat, encoderOption, format, encoderCommand,
    memory, decoders, renderers, encoders, backend, noAudio, audioCodec, audioBitrate,
    audioOption, channels, sampleRate, loudness, cache, cacheLimit, cleanCache, noCache, onError, launch, stats,
    progress,
    role, count, tracks, seconds, workerDirectory, json, help, version, completion, manPage,
  ]
  /// Options that stand before any command.
  public static let beforeCommand: [Option] = [help, version, completion, manPage]

  public static func of(_ command: CommandName) -> [Option] { all.filter { $0.commands.contains(command) } }
}
