import AudioStage
import CAVCodec
import CAVFilter
import CAVFormat
import CSWResample
import SluiceBase

/// Versions of the libraries that this program was linked with, as one line of JSON.
enum DoctorLine {
  static func print() {
    func version(_ v: UInt32) -> JSONValue { .string("\(v >> 16).\(v >> 8 & 255).\(v & 255)") }
    let line = JSONValue.object([
      JSONMember("libavformat", version(avformat_version())), JSONMember("libavcodec", version(avcodec_version())),
      JSONMember("libavfilter", version(avfilter_version())), JSONMember("libswresample", version(swresample_version())),
      JSONMember("librubberband", .string(SoundLibraries.rubberband)), JSONMember("libebur128", .string(SoundLibraries.ebur128)),
    ]).line
    _ = try? System.writeAll(1, line + "\n")
  }
}
