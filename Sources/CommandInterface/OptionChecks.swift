import CSluice
import FrameModel
import SluiceBase
import SystemBase

#if canImport(Glibc)
import Glibc
#endif

/// Checks of a run's options against each other, before any file is opened.
public enum OptionChecks {
  /// Throws 2 and 69.
  public static func check(_ settings: Settings) throws(SluiceError) {
    if settings.text(.backend) == "egl" {
      throw SluiceError(
        .unavailable, "this build has no EGL backend yet", at: settings.place(.backend), advice: "use cpu or auto")
    }
    if settings.text(.stats) == "-", settings.text(.output) == "-" {
      throw SluiceError(
        .usage, "standard output carries the output already", at: settings.place(.stats), advice: "name a file")
    }
    if let loudness = settings.decimal(.loudness), loudness < Rational(-70) || loudness > .zero {
      throw SluiceError(.usage, "must lie between -70 and 0", at: settings.place(.loudness), advice: "-14 and -23 are usual")
    }
    // A configuration file may set what only some runs use; a command line means what it says.
    func isTyped(_ option: Option) -> Bool { settings.isSet(option) && settings.place(option) == "--\(option.name)" }
    if settings.flag(.noAudio), isTyped(.noAudio),
      let other = [Option.audioCodec, .audioBitrate, .audioOption, .loudness].first(where: isTyped)
    {
      throw SluiceError(
        .usage, "there is no sound with --no-audio", at: settings.place(other), advice: "leave out one of them")
    }
    if let from = settings.time(.from), let to = settings.time(.to), case .seconds(let a) = from, case .seconds(let b) = to,
      a >= b
    {
      throw SluiceError(.usage, "is not after \(settings.place(.from)) \(from)", at: "\(settings.place(.to)) \(to)")
    }
  }

  /// Whether `-o -` can be written. `isExternal`: an external encoder writes, by the command line or the launch file.
  public static func checkStandardOutput(_ settings: Settings, isExternal: Bool) throws(SluiceError) {
    if settings.text(.format) == nil, !isExternal {
      throw SluiceError(
        .usage, "standard output needs a format", at: "-o -", advice: "add --format y4m, nut, rawvideo, mkv or wav")
    }
    guard sluice_is_writable(1) else {
      throw SluiceError(.cannotCreate, "is closed", at: "standard output", advice: "name a file with -o, or open it")
    }
    if isatty(1) == 1 {
      throw SluiceError(
        .usage, "standard output is a terminal", at: "-o -", advice: "send it into a program or file: | ffmpeg -i - …")
    }
  }
}
