import CAVCodec
import CAVFilter
import CAVFormat
import CSWScale
import SluiceBase
import TextDrawing

/// Versions of the libraries that this program was linked with, as one line of JSON.
enum DoctorLine {
  static func print() {
    func version(_ v: UInt32) -> JSONValue { .string("\(v >> 16).\(v >> 8 & 255).\(v & 255)") }
    let line = JSONValue.object([
      JSONMember("libavformat", version(avformat_version())), JSONMember("libavcodec", version(avcodec_version())),
      JSONMember("libavfilter", version(avfilter_version())), JSONMember("libswscale", version(swscale_version())),
      JSONMember("pango", .string(TextLibraries.pango)), JSONMember("cairo", .string(TextLibraries.cairo)),
      JSONMember("libass", .string(TextLibraries.libass)),
    ]).line
    _ = try? System.writeAll(1, line + "\n")
  }
}
