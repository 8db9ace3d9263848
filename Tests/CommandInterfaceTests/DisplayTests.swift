import Foundation
import FrameModel
import SluiceBase
import Supervisor
import Testing

@testable import CommandInterface

private func sample(_ frames: Int64 = 135, of total: Int64 = 300) -> RunProgress {
  var p = RunProgress()
  p.frames = frames
  p.totalFrames = total
  p.wallSeconds = 4.4
  p.fps = 30.6
  p.secondsLeft = 5.4
  p.limitedBy = "decode"
  p.memoryBytes = 183 << 20
  return p
}

/// A display on paper, with a clock that the test moves.
private final class Paper {
  var text = ""
  var time: UInt64 = 1
  func display(_ style: ProgressDisplay.Style) -> ProgressDisplay {
    ProgressDisplay(
      style: style, rate: 30,
      screen: .init(unicode: false, columns: { 60 }, now: { self.time }, write: { self.text += $0 }))
  }
}

struct ProgressDisplayTests {
  @Test func theBarIsRedrawnTenTimesASecondAtMost() {
    let paper = Paper()
    let display = paper.display(.bar)
    for _ in 0..<1000 {
      display.progress(sample())
      paper.time += 1_000_000
    }
    #expect((9...13).contains(paper.text.filter { $0 == "\r" }.count))
  }

  @Test func aWarningStandsAboveTheBarWithoutTearingIt() {
    let paper = Paper()
    let display = paper.display(.bar)
    display.progress(sample())
    let bar = paper.text.dropFirst().dropLast("\u{1b}[K".count)
    paper.text = ""
    display.warning("a.mp4: damaged\nframe")
    #expect(paper.text == "\r\u{1b}[Ksluice: a.mp4: damaged\\nframe\n" + bar)
  }

  @Test func atTheEndTheBarGivesWayToOneLine() {
    let paper = Paper()
    let display = paper.display(.bar)
    display.progress(sample())
    paper.text = ""
    var s = RunStatistics()
    s.frames = 1
    display.finish(s, output: "o.mp4")
    #expect(paper.text == "\r\u{1b}[Ko.mp4: 1 frame in 0.0 s\n")
    paper.text = ""
    display.clear()
    #expect(paper.text.isEmpty)
  }

  @Test func plainProgressIsALineEveryTwoSeconds() {
    let paper = Paper()
    let display = paper.display(.plain)
    for _ in 0..<100 {
      display.progress(sample())
      paper.time += 100_000_000
    }
    #expect(paper.text.split(separator: "\n").count == 4)
    #expect(!paper.text.contains("\r"))
  }

  @Test func jsonIsOneObjectALineAndNoneIsSilentButForWarnings() throws {
    let paper = Paper()
    let json = paper.display(.json)
    json.progress(sample())
    json.warning("w")
    json.finish(RunStatistics(), output: "o")
    let events = try paper.text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["event"] as? String
    }
    #expect(events == ["progress", "warning", "done"])
    paper.text = ""
    let none = paper.display(.none)
    none.progress(sample())
    none.finish(RunStatistics(), output: "o")
    #expect(paper.text.isEmpty)
    none.warning("w")
    #expect(paper.text == "sluice: w\n")
  }
}

struct DisplayTests {
  @Test(arguments: [true, false]) func theBarFitsEveryWidth(_ unicode: Bool) {
    for width in 1...200 {
      for frames: Int64 in [0, 1, 150, 299, 300, 301] {
        let line = ProgressText.bar(sample(frames), rate: 30, width: width, unicode: unicode)
        #expect(line.count < max(width, 2), "\(width): \(line)")
        #expect(!line.contains("\n"))
      }
    }
  }

  @Test func aWideBarShowsAllAndANarrowOneWhatMatters() {
    let wide = ProgressText.bar(sample(), rate: 30, width: 160, unicode: false)
    #expect(wide.contains("[##################----------------------]"), "\(wide)")
    for part in [" 45% ", "135/300", "30.6 fps", "1.02x", "0:05 left", "decode limits", "183 MiB"] {
      #expect(wide.contains(part), "\(wide)")
    }
    let narrow = ProgressText.bar(sample(), rate: 30, width: 20, unicode: false)
    #expect(narrow == " 45%  0:05 left", "\(narrow)")
    let usual = ProgressText.bar(sample(), rate: 30, width: 80, unicode: false)
    for part in ["45%", "[", "135/300", "30.6 fps", "1.02x", "0:05 left"] { #expect(usual.contains(part), "\(usual)") }
  }

  @Test func allIsDoneOnlyWhenItIs() {
    #expect(ProgressText.bar(sample(299), rate: 30, width: 80, unicode: false).hasPrefix(" 99%"))
    #expect(ProgressText.bar(sample(300), rate: 30, width: 80, unicode: false).hasPrefix("100%"))
  }

  @Test func whatIsNotKnownIsNotShown() {
    let line = ProgressText.bar(RunProgress(), rate: 0, width: 80, unicode: true)
    #expect(line == " ...  0 frames", "\(line)")
    #expect(ProgressText.plain(RunProgress(), rate: 0) == "0 frames")
    #expect(ProgressText.plain(sample(), rate: 30) == "135/300 frames, 45%, 30.6 fps, 1.02x, 0:05 left, decode limits, 183 MiB")
  }

  @Test func aProgressLineOfJSONParses() throws {
    let line = ProgressText.json(sample(), rate: 30).line
    #expect(!line.contains("\n"))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["event"] as? String == "progress")
    #expect(object["frames"] as? Int == 135)
    #expect(object["speed"] as? Double == 1.02)
  }

  @Test func theStatisticsParseAndHaveTheNamesOfTheContract() throws {
    var s = RunStatistics()
    s.run = "a\"b\n"
    s.frames = 300
    s.wallSeconds = 9.8
    s.stages.decode[.copiedBytes] = 600
    s.peakMemoryBytes = 183_000_000
    var worker = RunStatistics.Worker()
    worker.name = "decoder-0"
    worker.role = "decoder"
    worker.pid = 123
    s.workers = [worker]
    let text = StatisticsJSON.of(s).pretty
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    for name in [
      "schema", "run", "frames", "wallSeconds", "cpuSeconds", "fps", "peakMemoryBytes", "memoryBudgetBytes",
      "bytesCopiedPerFrame", "slots", "stages", "segments", "restarts", "limitedBy", "workers",
    ] { #expect(object[name] != nil, "\(name)") }
    #expect(object["schema"] as? Int == 1)
    #expect(object["run"] as? String == "a\"b\n")
    #expect(object["bytesCopiedPerFrame"] as? Double == 2)
    #expect(abs((object["fps"] as? Double ?? 0) - 30.612245) < 1e-6)
    #expect(Set((object["slots"] as? [String: Any] ?? [:]).keys) == ["total", "peakInUse", "leaked"])
    #expect(Set((object["segments"] as? [String: Any] ?? [:]).keys) == ["rendered", "reused"])
    let stages = object["stages"] as? [String: [String: Any]] ?? [:]
    #expect(Set(stages.keys).isSuperset(of: ["decode", "render", "encode", "audio", "filter"]))
    for stage in stages.values {
      #expect(
        Set(stage.keys).isSuperset(of: [
          "frames", "busySeconds", "blockedSeconds", "directFrames", "fallbackFrames", "bypassedFrames", "reusedFrames",
        ]))
    }
    let workers = object["workers"] as? [[String: Any]] ?? []
    let keys = workers.first.map { Set($0.keys) } ?? []
    #expect(keys.isSuperset(of: ["name", "role", "pid", "origin", "restarts", "peakPrivateBytes"]))
  }

  @Test func anEmptyRunHasFiniteStatistics() throws {
    let text = StatisticsJSON.of(RunStatistics()).line
    _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
    #expect(text.contains("\"fps\": 0,"))
  }

  @Test func theSummaryIsOneLine() {
    var s = RunStatistics()
    s.frames = 300
    s.wallSeconds = 9.8
    s.outputBytes = 5 << 20
    s.peakMemoryBytes = 183 << 20
    s.limitedBy = "decode"
    #expect(
      ProgressText.summary(s, output: "out.mp4", rate: 30)
        == "out.mp4: 300 frames in 9.8 s, 30.6 fps (1.02x), 5.0 MiB, peak memory 183 MiB, decode limited")
  }

  @Test func aTableOfMediaNamesWhatAFileHolds() {
    var info = MediaInfo(path: "/a/b\n.mp4", kind: .video)
    info.container = "mov,mp4"
    info.fileBytes = 1 << 20
    info.duration = Rational(125, 2)
    var video = MediaInfo.Video()
    video.codec = "h264"
    video.width = 1920
    video.height = 1080
    video.sourceFormat = "yuv420p"
    video.averageRate = Rational(30000, 1001)
    video.rotation = 1
    info.video = video
    var audio = MediaInfo.Audio()
    audio.codec = "aac"
    audio.sampleRate = 48000
    audio.channels = 2
    info.audio = [audio]
    let text = MediaTable.text(info)
    for part in [
      "/a/b\\n.mp4\n", "h264, 1920x1080, yuv420p", "rotated by 90 degrees", "29.970 frames/s", "1:03 (62.500 s)",
      "aac, 48000 Hz, 2 channels",
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test func theDoctorsReportNamesAdviceOnlyWhereSomethingIsWrong() throws {
    let report = DoctorReport(
      checks: [.init("cores", .ok, "2", advice: "unused"), .init("pidfd", .fail, "no", advice: "newer kernel")],
      versions: [("sluice-decoder", .object(["libavcodec": .string("59.37.100")]))])
    #expect(report.text() == "ok    cores  2\nfail  pidfd  no; newer kernel\n")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(report.json().pretty.utf8)) as? [String: Any])
    #expect(object["ok"] as? Bool == false)
    #expect(report.failures.map(\.name) == ["pidfd"])
  }
}
