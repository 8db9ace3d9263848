import FrameModel
import WorkerRuntime

/// An encoder has the descriptors that it is handed. It may also read what the user's own options name (x265's
/// `qpfile`), and nothing can be written but the output: a two-pass log is not.
enum EncoderFiles {
  static func of(_ settings: OutputSettings) -> FileAccess {
    var access = FileAccess()
    access.readMachine()
    for option in settings.options + (settings.sound?.options ?? []) { access.readNamed(in: option.value) }
    return access
  }
}
