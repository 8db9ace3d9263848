import Foundation
import Testing

/// Every frame of many small projects against the renderer of `Reference/`: exact where pictures are placed, cropped and blended,
/// 45 dB where they are scaled, turned or lie between pixels. The cases are in `Reference/cases.py`.
@Suite(.enabled(if: ReferenceRun.isThere, "python3 with numpy is missing"))
struct ReferenceTests {
  static let groups = [
    "placing", "scaling", "turned", "keyed", "blended", "alpha", "transitions", "times", "nested", "grids", "effects", "colours",
  ]

  @Test(arguments: groups) func everyFrameEqualsTheReference(_ group: String) throws {
    let box = try Sandbox()
    let jobs = try ReferenceRun.jobs(group, in: box)
    try #require(!jobs.isEmpty)
    for job in jobs {
      let words = ["render", job.project, "-o", job.frames, "--stats", "stats.json", "--progress", "none"]
      let result = try box.sluice(words + job.options)
      try #require(result.status == 0, "\(job.name): \(result.errors)")
      if job.says.isEmpty { #expect(result.errors == "", "\(job.name)") } else { box.expectOneLine(result.errors, [job.says]) }
      let leaked = try Statistics(box.data("stats.json"))["slots", "leaked"]
      #expect(leaked == 0, "\(job.name): slots leaked")
    }
    box.expectNothingLeft()
    let found = try ReferenceRun.compare("\(group).jobs", in: box)
    try #require(found.map(\.name) == jobs.map(\.name))
    for (job, found) in zip(jobs, found) {
      #expect(found.frames == found.expected && found.frames > 0, "\(job.name): \(found)")
      if let psnr = job.psnr {
        #expect(found.psnr >= psnr, "\(job.name): \(found)")
      } else {
        #expect(found.max <= (job.zero ? 0 : 1), "\(job.name): \(found)")
      }
    }
  }

  /// The comparison itself: a frame that is another's, and one sample that is two off, are found.
  @Test func theComparisonFindsWhatIsWrong() throws {
    let box = try Sandbox()
    let jobs = try ReferenceRun.jobs("times", in: box)
    let job = try #require(jobs.first)
    let path = "off.yuv"
    try box.render(["render", job.project, "-o", path])
    let size = 320 * 180 * 3 / 2
    let right = try box.data(path)
    var sample = right
    sample[size + 1000] = right[size + 1000] < 128 ? right[size + 1000] + 2 : right[size + 1000] - 2
    let late = right.prefix(size) + right.dropLast(size)
    for (bytes, most, least) in [(right, 0, 100.0), (sample, 2, 60), (late, 255, 0)] {
      try bytes.write(to: URL(fileURLWithPath: box.path(path)))
      try box.write("off.jobs", #"{"name": "off", "project": "\#(job.project)", "frames": "\#(box.path(path))"}"#)
      let differences = try ReferenceRun.compare("off.jobs", in: box)
      let found = try #require(differences.first)
      #expect(found.max <= most && found.psnr >= least, "\(found)")
      if most > 0 { #expect(found.max >= 2, "\(found)") }
      if most == 255 { #expect(found.psnr < 40, "\(found)") }
    }
  }

  /// Hidden tracks cost nothing: twenty, of which five are enabled, open five streams.
  @Test func hiddenTracksAreNeverOpened() throws {
    let box = try Sandbox()
    let media = try ReferenceRun.media.get()
    let clips = ["waves.mp4", "other.mp4", "sharp.mp4", "square.mp4"]
    let tracks = (0..<20).map { index in
      let name = media + "/" + clips[index % 4]
      return #"{"enabled": \#(index % 4 == 3), "clips": [{"source": "\#(name)", "duration": "6f", "opacity": 0.5, "at": 0}]}"#
    }
    // A file of a hidden track is not even probed.
    let missing = #"{"enabled": false, "clips": [{"source": "missing", "duration": 1}]}"#
    let files = clips.map { #""\#(media)/\#($0)": "\#(media)/\#($0)""# }
    let sources = (files + [#""missing": "not-there.mp4""#]).joined(separator: ", ")
    try box.write(
      "p.json",
      """
      { "canvas": { "width": 320, "height": 180, "fps": 24 }, "sources": { \(sources) },
        "tracks": [ \((tracks + [missing]).joined(separator: ", ")) ] }
      """)
    let statistics = try box.render(["render", "p.json", "-o", "out.yuv"])
    #expect(statistics["frames"] == 6)
    // The five show the same picture of the same source at the same time: one stream serves them.
    #expect((1...5).contains(statistics["streamsOpened"]), "\(statistics["streamsOpened"])")
    #expect(statistics["stages", "decode", "frames"] <= 30)
  }
}
