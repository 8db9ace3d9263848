/// A name with a scheme in front, as `https://host/clip.mp4`, where the path of a file is wanted.
public struct NetworkAddress: Equatable, Sendable {
  /// In lower case: `https`, `rtmp`, `s3`, `file`.
  public let scheme: String
  /// What follows the scheme's `://`.
  public let rest: String

  /// nil for a path. A scheme begins with a letter and has letters, digits, `+`, `-` and `.` (RFC 3986).
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
    let name = text[..<colon]
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
    guard let first = name.utf8.first, isLetter(first),
      name.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0) })
    else { return nil }
    scheme = name.lowercased()
    rest = String(text[text.index(colon, offsetBy: 3)...])
  }

  /// What is said where a source is wanted.
  public func refusedAsSource(at place: String) -> SluiceError {
    scheme == "file"
      ? SluiceError(
        .badInput, "is an address, and a source is named by its path", at: place,
        advice: "write \(rest.isEmpty ? "the path" : rest)")
      : SluiceError(
        .badInput, "sources are files: nothing is read over \(scheme)", at: place, advice: "download it first, and name the file")
  }

  /// What is said where an output is wanted.
  public func refusedAsOutput(at place: String) -> SluiceError {
    if scheme == "file" {
      return SluiceError(
        .usage, "is an address, and an output is named by its path", at: place,
        advice: "write \(rest.isEmpty ? "the path" : rest)")
    }
    let format =
      ["rtmp", "rtmps"].contains(scheme) ? "flv" : ["srt", "udp", "rtp", "tcp", "rist"].contains(scheme) ? "mpegts" : ""
    return SluiceError(
      .usage, "outputs are files and pipes: nothing is sent over \(scheme)", at: place,
      advice: format.isEmpty
        ? "write a file, and copy it there"
        : "send it through a program that does: -o - --format nut | ffmpeg -i - -c copy -f \(format) \(scheme)://…")
  }
}
