import SharedRing
import SluiceBase
import Testing

@testable import Supervisor

/// The table that statistics, `ps` and progress are made from.
@Suite struct MetricTests {
  private let outputs: [(Metric<RunFigures>.Outputs, String)] = [
    (.statistics, "statistics"), (.state, "state"), (.progress, "progress"),
  ]

  private func real(_ value: Double) -> JSONValue { .number(value) }

  @Test func everyMetricSaysWhatItIs() {
    for metric in RunMetrics.all {
      #expect(metric.help.count > 10 && !metric.help.hasSuffix("."), "\(metric.name)")
      #expect(!metric.outputs.isEmpty, "\(metric.name)")
      #expect(metric.name.split(separator: ".").allSatisfy { $0.first?.isLowercase == true }, "\(metric.name)")
    }
    for metric in WorkerMetrics.all { #expect(metric.help.count > 5 && !metric.outputs.isEmpty, "\(metric.name)") }
  }

  @Test func namesAreGivenOnceInEachOutput() {
    for (output, title) in outputs {
      let names = RunMetrics.all.filter { $0.outputs.contains(output) }.map(\.name)
      #expect(Set(names).count == names.count, "\(title)")
    }
  }

  /// Members of an object must stand together in the table.
  @Test func objectsComeOnce() {
    for (output, title) in outputs {
      func check(_ members: [JSONMember]) {
        #expect(Set(members.map(\.key)).count == members.count, "\(title): \(members.map(\.key))")
        for member in members { if case .object(let inside) = member.value.content { check(inside) } }
      }
      check(RunMetrics.all.members(output, of: RunFigures(), real: real))
    }
  }

  /// The names and their order, as they have always been.
  @Test func theContract() throws {
    func names(_ members: [JSONMember]) -> String {
      members.map { member in
        if case .object(let inside) = member.value.content { return "\(member.key)(\(names(inside)))" }
        return member.key
      }.joined(separator: " ")
    }
    let stage = "frames busySeconds blockedSeconds directFrames fallbackFrames bypassedFrames reusedFrames damagedFrames"
    let begin =
      "run frames wallSeconds cpuSeconds supervisorCPUSeconds fps peakMemoryBytes memoryBudgetBytes bytesCopiedPerFrame "
      + "droppedFrames outputBytes buffersCreated streamsOpened slots(total peakInUse leaked) "
      + "stages(decode(\(stage)) render(\(stage)) filter(\(stage)) encode(\(stage)) "
    let end = " segments(rendered reused) restarts limitedBy"
    var figures = RunFigures()
    #expect(
      names(RunMetrics.all.members(.statistics, of: figures, real: real))
        == begin + "audio(\(stage) reused))" + end)
    var profile = AudioProfile()
    figures.statistics.audioProfile = profile
    let engine =
      " quanta averageLoad peakLoad underrunEvents underrunDuration averageLatency allocations poolPressure"
    #expect(
      names(RunMetrics.all.members(.statistics, of: figures, real: real))
        == begin + "audio(\(stage) reused\(engine)))" + end)
    profile.loudness = -14
    figures.statistics.audioProfile = profile
    #expect(
      !names(RunMetrics.all.members(.statistics, of: figures, real: real)).contains("loudness"),
      "half of a measurement is none")
    profile.truePeak = -1
    figures.statistics.audioProfile = profile
    #expect(
      names(RunMetrics.all.members(.statistics, of: figures, real: real))
        == begin + "audio(\(stage) reused\(engine) loudness truePeak))" + end)
    #expect(
      names(RunMetrics.all.members(.state, of: figures, real: real))
        == "frames totalFrames wallSeconds fps speed secondsLeft limitedBy memoryBytes peakMemoryBytes memoryBudgetBytes lanes "
        + "restarts")
    #expect(
      names(RunMetrics.all.members(.progress, of: figures, real: real))
        == "frames totalFrames wallSeconds fps speed secondsLeft limitedBy memoryBytes")
    #expect(
      names(WorkerMetrics.all.members(.statistics, of: RunStatistics.Worker(), real: real))
        == "name role pid origin restarts peakPrivateBytes")
    #expect(
      names(WorkerMetrics.all.members(.state, of: RunStatistics.Worker(), real: real))
        == "name role pid origin state frames restarts privateBytes peakPrivateBytes")
  }

  @Test func valuesComeFromWhereTheyAreSaidTo() throws {
    var figures = RunFigures(rate: 25)
    figures.progress.frames = 7
    figures.progress.fps = 50
    figures.progress.memoryBytes = 3
    figures.currentMemoryBytes = 2
    figures.statistics.frames = 10
    figures.statistics.stages.decode[.copiedBytes] = 20
    figures.statistics.stages.encode[.copiedBytes] = 5
    figures.statistics.counts.reused = UInt64.max
    func value(_ output: Metric<RunFigures>.Outputs, _ path: String...) -> JSONValue? {
      let all = JSONValue.object(RunMetrics.all.members(output, of: figures, real: real))
      return path.reduce(all as JSONValue?) { $0?[$1] }
    }
    #expect(value(.progress, "frames")?.number?.integer == 7 && value(.statistics, "frames")?.number?.integer == 10)
    #expect(value(.progress, "memoryBytes")?.number?.integer == 3 && value(.state, "memoryBytes")?.number?.integer == 2)
    #expect(value(.state, "speed")?.number?.text == "2.0")
    #expect(value(.state, "secondsLeft")?.isNull == true)
    #expect(value(.statistics, "bytesCopiedPerFrame")?.number?.text == "2.5")
    #expect(value(.statistics, "stages", "render", "reusedFrames")?.number?.text == "\(UInt64.max)")
    #expect(value(.statistics, "stages", "audio", "reused")?.bool == false)
  }
}
