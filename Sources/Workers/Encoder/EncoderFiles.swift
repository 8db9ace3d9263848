import FrameModel
import WorkerRuntime

/// The files that an encoder may read: those that the user's own options name (x265's `qpfile`). It writes only to the descriptors that
/// it is handed, so there can be no two-pass log.
enum EncoderFiles {
  static func of(_ settings: OutputSettings) -> FileAccess {
    var access = FileAccess()
    access.readMachine()
    for option in settings.options + (settings.sound?.options ?? []) { access.readNamed(in: option.value) }
    return access
  }
}
