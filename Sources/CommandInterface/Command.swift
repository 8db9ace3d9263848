/// The first word after `sluice`.
public enum CommandName: String, CaseIterable, Sendable {
  case render, grid, frame, probe, validate, doctor, bench, clean, launch, ps, attach, detach, stop, help, version
}

/// One command, declared once, like its options.
public struct Command: Sendable {
  public struct Example: Sendable {
    public let line: String
    public let purpose: String
  }
  /// What completion offers for operands.
  public enum OperandKind: Sendable { case none, file, command, benchmark }

  public let name: CommandName
  public let summary: String
  /// Operands as in a usage line: `PROJECT -o OUT`.
  public let usage: String
  public let operands: ClosedRange<Int>
  public let operandKind: OperandKind
  public let description: String
  public let examples: [Example]
}

extension Command {
  public static func named(_ name: CommandName) -> Command {
    switch name {
    case .render:
      Command(
        name: name, summary: "render a project to a video", usage: "PROJECT -o OUT", operands: 1...1, operandKind: .file,
        description: """
          Renders PROJECT (JSON or JSON5) to OUT. The container follows OUT's ending, or --format. OUT appears under its \
          name when it is complete; nothing half-written is left. A time T is seconds (12.5), HH:MM:SS.mmm or frames (375f).
          """,
        examples: [
          Example(line: "sluice render cut.json -o cut.mp4", purpose: "render with the defaults"),
          Example(
            line: "sluice render cut.json -o part.mp4 --from 00:01:00 --to 90 --crf 18 --preset slow",
            purpose: "a part in higher quality"),
          Example(line: "sluice render cut.json -o - --format y4m | ffmpeg -i - out.webm", purpose: "into another program"),
        ])
    case .grid:
      Command(
        name: name, summary: "put clips and photographs into a grid", usage: "FILE... -o OUT", operands: 1...496,
        operandKind: .file,
        description: """
          Shows every FILE (clips and photographs) in a cell of its own, in order from the top left. \
          --print-project prints the project that render would take.
          """,
        examples: [
          Example(line: "sluice grid a.mp4 b.mp4 c.mp4 d.mp4 -o grid.mp4", purpose: "two by two"),
          Example(
            line: "sluice grid *.jpg --columns 4 --canvas 3840x2160 --gap 8 --duration 10 -o wall.mp4",
            purpose: "a wall of photographs"),
          Example(line: "sluice grid a.mp4 b.mp4 --print-project > grid.json", purpose: "a project to edit further"),
        ])
    case .frame:
      Command(
        name: name, summary: "write one frame as a picture", usage: "FILE|PROJECT (--at T | --number N) -o OUT.png",
        operands: 1...1, operandKind: .file,
        description: """
          Writes the frame of a clip or project that is shown at time T, or that has number N (counted from 0 as a decoder \
          delivers them). The picture's format follows OUT's ending: png, jpg, webp, bmp, tiff or ppm.
          """,
        examples: [
          Example(line: "sluice frame clip.mp4 --at 12.5 -o frame.png", purpose: "the frame shown at 12.5 seconds"),
          Example(line: "sluice frame cut.json --number 375 -o frame.png", purpose: "frame 375 of a project"),
        ])
    case .probe:
      Command(
        name: name, summary: "tell what a media file holds", usage: "FILE...", operands: 1...4096, operandKind: .file,
        description: "Prints container, duration, and the video and sound of each FILE, as a table or as JSON.",
        examples: [
          Example(line: "sluice probe clip.mp4", purpose: "for people"),
          Example(line: "sluice probe clip.mp4 --json", purpose: "for programs"),
        ])
    case .validate:
      Command(
        name: name, summary: "check a project and its sources", usage: "PROJECT", operands: 1...1, operandKind: .file,
        description: "Prints a summary of PROJECT, or everything that is wrong with it, one line each, and ends with code 65.",
        examples: [Example(line: "sluice validate cut.json", purpose: "check before a long render")])
    case .doctor:
      Command(
        name: name, summary: "check this machine", usage: "", operands: 0...0, operandKind: .none,
        description: """
          Checks what a run needs: worker programs and their libraries, shared memory, memory, cores, kernel. \
          Ends with code 69 when something needed is missing.
          """,
        examples: [
          Example(line: "sluice doctor", purpose: "for people"),
          Example(line: "sluice doctor --json", purpose: "for a bug report or a program"),
        ])
    case .bench:
      Command(
        name: name, summary: "measure a part of sluice", usage: "NAME", operands: 1...1, operandKind: .benchmark,
        description: """
          handoff: latency and rate at which a frame is handed from one process to the next. audio: load, under-runs, latency, \
          allocations and memory of the audio engine, with tracks of a filter, gain, panner and delay each, in real time on a \
          silent device; then how fast it goes.
          """,
        examples: [
          Example(line: "sluice bench handoff", purpose: "latency of a frame's way between processes"),
          Example(line: "sluice bench audio --tracks 64 --seconds 10", purpose: "whether 64 tracks play in real time"),
        ])
    case .clean:
      Command(
        name: name, summary: "remove what ended runs left behind", usage: "", operands: 0...0, operandKind: .none,
        description: """
          Removes directories of runs that no longer live. Every run does the same when it starts. With --cache the finished \
          segments that are kept for later runs go too.
          """,
        examples: [
          Example(line: "sluice clean", purpose: "after a machine was killed in the middle of a run"),
          Example(line: "sluice clean --cache", purpose: "give the disk back"),
        ])
    case .launch:
      Command(
        name: name, summary: "render with the workers of a launch file", usage: "LAUNCHFILE PROJECT -o OUT",
        operands: 2...2, operandKind: .file,
        description: "Like render, with the workers that LAUNCHFILE describes.",
        examples: [
          Example(line: "sluice launch launch/export.json5 cut.json -o cut.mp4", purpose: "the built-in description, as a file")
        ])
    case .ps:
      Command(
        name: name, summary: "show the runs that are at work", usage: "", operands: 0...0, operandKind: .none,
        description: """
          Prints every run of this user with its workers: name, process, progress, speed, the stage that limits, memory. \
          RUN in the other commands is a run's name, the beginning of it, or its process. --json also tells the socket to \
          which workers of your own attach.
          """,
        examples: [
          Example(line: "sluice ps", purpose: "for people"),
          Example(line: "sluice ps --json | jq -r '.[0].attachSocket'", purpose: "where a worker of your own attaches"),
        ])
    case .attach:
      Command(
        name: name, summary: "add workers to a run", usage: "RUN --role ROLE [--count N]", operands: 1...1, operandKind: .none,
        description: """
          Starts more workers for RUN and prints their names when they are ready. The output's bytes stay the same. An encoder \
          opens a further segment; a pipe or a raw output has one encoder only. Refused when the run's memory budget has no room.
          """,
        examples: [
          Example(line: "sluice attach 4f1c --role renderer", purpose: "one renderer more"),
          Example(line: "sluice attach 4f1c --role decoder --count 2", purpose: "two decoders more"),
        ])
    case .detach:
      Command(
        name: name, summary: "take a worker out of a run", usage: "RUN WORKER", operands: 2...2, operandKind: .none,
        description: """
          Lets WORKER (its name or its process, as sluice ps shows them) go, and waits until it has gone. Others do its work; \
          the only one of its role is not let go.
          """,
        examples: [Example(line: "sluice detach 4f1c renderer-1", purpose: "one renderer less")])
    case .stop:
      Command(
        name: name, summary: "end a run", usage: "RUN", operands: 1...1, operandKind: .none,
        description: """
          Ends RUN as Ctrl-C does, and waits until it has gone. The run ends with code 130; finished segments are kept for the \
          next time.
          """,
        examples: [Example(line: "sluice stop 4f1c", purpose: "end the run whose name begins with 4f1c")])
    case .help:
      Command(
        name: name, summary: "print help", usage: "[COMMAND]", operands: 0...1, operandKind: .command,
        description: "Prints the list of commands, or a command's help.",
        examples: [Example(line: "sluice help render", purpose: "what render can do")])
    case .version:
      Command(
        name: name, summary: "print the version", usage: "", operands: 0...0, operandKind: .none,
        description: "Prints the versions of sluice and of the layout that its processes share.",
        examples: [Example(line: "sluice version", purpose: "for a bug report")])
    }
  }

  public static let all: [Command] = CommandName.allCases.map(named)
  /// Names that `sluice bench` takes.
  public static let benchmarks = ["handoff", "audio"]
  public static let programVersion = "0.1.0"
}
