import CAVCodec
import CAVFormat
import SluiceBase

/// Versions of the libraries that this program was linked with, and whether the default encoder is there.
enum DoctorLine {
  static func print() {
    func version(_ v: UInt32) -> JSONValue { .string("\(v >> 16).\(v >> 8 & 255).\(v & 255)") }
    let line = JSONValue.object([
      JSONMember("libavformat", version(avformat_version())), JSONMember("libavcodec", version(avcodec_version())),
      JSONMember("libx264", .string(avcodec_find_encoder_by_name("libx264") == nil ? "missing" : "present")),
    ]).line
    _ = try? System.writeAll(1, line + "\n")
  }
}
