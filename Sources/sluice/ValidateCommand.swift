import CommandInterface
import FrameModel
import SluiceBase
import Supervisor
import Timeline

/// `sluice validate`: the project file, its sources, and whether a plan can be made of them.
enum ValidateCommand {
  static func run(_ invocation: Invocation) throws {
    let path = invocation.operands[0]
    let read = try ProjectReader.readWithNotes(path: path)
    let project = read.project
    for note in read.notes { try Console.print("\(path.printable): \(note.kind.rawValue): \(note)\n") }
    let media = try Media.probe(project.sourcePaths(), invocation.settings, LaunchDescription(), of: project)
    var settings = project.output.settings()
    if project.hasSound(media: media) {
      settings.sound = SoundSettings()
      settings.sound?.sampleRate = project.sampleRate
    }
    let plan = try PlanCompiler.compile(project, media: media, from: nil, to: nil, settings: settings, decodeThreads: 1)
    for warning in plan.warnings { invocation.console.note(warning) }
    let frames = plan.withView(\.frameCount)
    let filters = plan.withView { view in Set((0..<view.filterCount).map { view.filter($0).name }).sorted() }
    let canvas = project.canvas
    let clips = project.tracks.reduce(0) { $0 + $1.clips.count }
    try Console.print(
      "\(path.printable): ok: \(canvas.width)x\(canvas.height), \(rate(canvas.rate)) frames/s, "
        + "\(Values.clock((Double(frames) / canvas.rate.double))) (\(count(Int(frames), "frame"))), "
        + "\(count(project.tracks.count, "track")), \(count(clips, "clip")), \(count(project.sources.count, "source"))"
        + (filters.isEmpty ? "" : ", filters of workers: \(filters.joined(separator: ", "))") + "\n")
  }

  private static func rate(_ rate: Rational) -> String { rate.den == 1 ? "\(rate.num)" : DecimalText.fixed(rate.double, 3) }
  private static func count(_ n: Int, _ noun: String) -> String { "\(n) \(noun)\(n == 1 ? "" : "s")" }
}
