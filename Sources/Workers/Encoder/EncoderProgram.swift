import CAVCodec
import CAVFormat
import SluiceBase
import WorkerRuntime

/// The encoder program. Without arguments it attaches to the supervisor that started it; `--assemble` joins segments into the output;
/// `--check` reads a segment that somebody else's encoder wrote; `--doctor` describes its libraries, `--identity` lists the files that
/// it is made of.
public enum EncoderProgram {
  public static func run() -> Never {
    WorkerProgram.run(
      "sluice-encoder",
      modes: [
        "--assemble": { () throws(SluiceError) in AssembleService.run() },
        "--check": { () throws(SluiceError) in AssembleService.check() },
        "--handoff-bench": { () throws(SluiceError) in try HandoffPeer.consume() },
      ],
      libraries: libraries
    ) { () throws(SluiceError) in try EncoderWorker().run() }
  }

  private static var libraries: LibraryVersions {
    var versions = LibraryVersions()
    versions.add("libavformat", ffmpeg: avformat_version())
    versions.add("libavcodec", ffmpeg: avcodec_version())
    versions.add("libx264", avcodec_find_encoder_by_name("libx264") == nil ? "missing" : "present")
    return versions
  }
}
