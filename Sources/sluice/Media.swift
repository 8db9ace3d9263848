import CommandInterface
import FrameModel
import SluiceBase
import Supervisor
import Timeline

/// The files that a command reads.
enum Media {
  /// The project of a file; the console is told what its reader noted: what the output lacks, a line each; of what has no
  /// meaning here only how much.
  static func project(_ path: String, _ console: Console) throws -> Project {
    let read = try ProjectReader.readWithNotes(path: path)
    for note in read.notes where note.kind == .warning { console.note("\(path): \(note)") }
    let ignored = read.notes.lazy.filter { $0.kind == .ignored }.count
    if ignored > 0 {
      console.note(
        "\(path): \(ignored) thing\(ignored == 1 ? " has" : "s have") no meaning here; sluice validate \(path) lists what")
    }
    return read.project
  }

  /// What the sources hold, by probe key. Every source that cannot be used is an error of its own, which names the clip of
  /// `project` where it is one of effects.
  static func probe(
    _ keys: [String], _ settings: Settings, _ launch: LaunchDescription, of project: Project? = nil
  ) throws(Failures) -> [String: MediaInfo] {
    let client = ProbeClient(
      launch, memory: settings.size(.memory), workerDirectory: settings.text(.workerDirectory))
    let found = client.media(keys)
    guard found.failures.isEmpty else {
      throw Failures(errors: found.failures.map { failure in project.map { located(failure, in: $0) } ?? failure.error })
    }
    return found.media
  }

  /// What effects make of a source is the clip's matter.
  private static func located(_ failure: ProbeClient.Failure, in project: Project) -> SluiceError {
    var error = failure.error
    guard let key = ProbeKey(failure.key), !key.effects.isEmpty, let place = project.place(ofKey: failure.key) else {
      return error
    }
    error.place = error.place.isEmpty ? place : "\(place): \(error.place)"
    return error
  }
}
