import CAVCodec
import CAVFilter
import CAVFormat
import CSWScale
import SluiceBase
import SystemBase
import TextDrawing
import WorkerRuntime

/// The decoder program. Without arguments it attaches to the supervisor that started it; `--probe` describes sources, `--doctor` its
/// libraries, `--identity` lists the files that it is made of, `--text-files` those that text is drawn with.
public enum DecoderProgram {
  public static func run() -> Never {
    WorkerProgram.run(
      "sluice-decoder",
      modes: [
        "--text-files": { () throws(SluiceError) in try listTextFiles() },
        "--probe": { () throws(SluiceError) in ProbeService.run() },
        "--handoff-bench": { () throws(SluiceError) in try HandoffPeer.produce() },
      ],
      libraries: libraries
    ) { () throws(SluiceError) in try DecoderWorker().run() }
  }

  private static var libraries: LibraryVersions {
    var versions = LibraryVersions()
    versions.add("libavformat", ffmpeg: avformat_version())
    versions.add("libavcodec", ffmpeg: avcodec_version())
    versions.add("libavfilter", ffmpeg: avfilter_version())
    versions.add("libswscale", ffmpeg: swscale_version())
    versions.add("pango", TextLibraries.pango)
    versions.add("cairo", TextLibraries.cairo)
    versions.add("libass", TextLibraries.libass)
    return versions
  }

  private static func listTextFiles() throws(SluiceError) {
    guard (try? System.writeAll(1, TextFonts.files.map { $0 + "\n" }.joined())) != nil else {
      throw SluiceError(.unavailable, "cannot write to standard output")
    }
  }
}
