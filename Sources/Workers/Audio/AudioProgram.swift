import AudioStage
import CAVCodec
import CAVFilter
import CAVFormat
import CSWResample
import SluiceBase
import WorkerRuntime

/// The audio program. Without arguments it attaches to the supervisor that started it; `--bench TRACKS SECONDS` measures its engine in
/// real time, `--doctor` describes its libraries, `--identity` lists the files that it is made of.
public enum AudioProgram {
  public static func run() -> Never {
    WorkerProgram.run(
      "sluice-audio",
      modes: ["--bench": { () throws(SluiceError) in try EngineBench.run(Array(CommandLine.arguments.dropFirst(2))) }],
      libraries: libraries
    ) { () throws(SluiceError) in try AudioWorker().run() }
  }

  private static var libraries: LibraryVersions {
    var versions = LibraryVersions()
    versions.add("libavformat", ffmpeg: avformat_version())
    versions.add("libavcodec", ffmpeg: avcodec_version())
    versions.add("libavfilter", ffmpeg: avfilter_version())
    versions.add("libswresample", ffmpeg: swresample_version())
    versions.add("librubberband", SoundLibraries.rubberband)
    versions.add("libebur128", SoundLibraries.ebur128)
    return versions
  }
}
