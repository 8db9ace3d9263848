import CSchema
import FrameModel
import Plan
import SluiceBase
import TestKit
import Testing
import Timeline
import TimelineTestKit

@testable import Scheduling

@Suite struct SegmentTests {
  @Test func segmentsCoverTheFramesOnceInOrder() {
    var random = TestRandom(1)
    let few = Array(0...5000 as ClosedRange<Int64>)
    let counts = few + (0..<200).map { _ in Int64.random(in: 5000...10_000_000, using: &random) }
    for count in counts {
      let segments = Segment.cut(count)
      guard count > 0 else {
        #expect(segments.isEmpty)
        continue
      }
      let joined = zip(segments, segments.dropFirst()).allSatisfy { $0.frames.upperBound == $1.frames.lowerBound }
      let sound = segments.allSatisfy { !$0.frames.isEmpty && $0.frames.count <= Int(Segment.length) }
      if !joined || !sound || segments.first?.frames.lowerBound != 0 || segments.last?.frames.upperBound != count
        || segments.map(\.index) != Array(segments.indices)
      {
        Issue.record("\(count) frames: \(segments)")
      }
    }
  }

  @Test func fewSegmentsAreEvenInNumberAndLength() {
    for count in 2...Segment.length * 8 {
      let lengths = Segment.cut(count).map(\.frames.count)
      if lengths.count % 2 != 0 || (lengths.max() ?? 0) - (lengths.min() ?? 0) > 1 { Issue.record("\(count): \(lengths)") }
    }
  }
}

@Suite struct MemoryPlanTests {
  private func plan(_ project: Project, _ media: [String: MediaInfo], codec: String = "libx264") throws -> CompiledPlan {
    var output = OutputSettings()
    output.codec = codec
    return try PlanCompiler.compile(project, media: media, settings: output)
  }

  @Test func aPlanKeepsToItsBudgetOrSaysWhatItNeeds() throws {
    var random = TestRandom(2)
    var refused = 0
    for _ in 0..<150 {
      let media = RandomTimeline.media(&random)
      var project = RandomTimeline.project(&random)
      if random.chance(50) { RandomTimeline.filters(&project, &random) }
      let compiled = try plan(project, media, codec: random.chance(50) ? "libx264" : "mpeg4")
      for _ in 0..<6 {
        let budget = UInt64(random.int(40...400)) << 20
        let lanes = random.int(1...4), renderers = random.int(1...3)
        func make(_ budget: UInt64) throws(SluiceError) -> MemoryPlan {
          let result: Result<MemoryPlan, SluiceError> = compiled.withView { view in
            do throws(SluiceError) {
              return .success(
                try MemoryPlan.make(
                  plan: view, budget: budget, decoders: 1, renderers: renderers, lanes: lanes, segmented: true))
            } catch { return .failure(error) }
          }
          return try result.get()
        }
        do throws(SluiceError) {
          let memory = try make(budget)
          #expect(memory.bytes <= budget)
          #expect(zip(memory.rings, memory.sizes[0].slots).reduce(0) { $0 + UInt64($1.0.slotBytes * $1.1) } < memory.bytes)
          #expect((1...lanes).contains(memory.lanes))
          #expect(memory.rings.count <= Int(SLUICE_MAX_RINGS))
          var first = 0
          for ring in memory.rings {
            #expect(ring.firstSlot == first)
            first += ring.slotCount
          }
          #expect(memory.sizes.last?.slots == memory.rings.map(\.slotCount))
          for (fewer, more) in zip(memory.sizes, memory.sizes.dropFirst()) {
            #expect(fewer.bytes < more.bytes && more.bytes <= budget)
            #expect(zip(fewer.slots, more.slots).allSatisfy { $0 <= $1 })
          }
          compiled.withView { view in
            for stream in 0..<view.streamCount {
              #expect(memory.rings[memory.streamRings[stream]].slotBytes >= view.stream(stream).slotBytes)
              let record = view.stream(stream)
              guard !record.workerFilters.isEmpty, let ring = memory.filters.streamRings[stream].map({ memory.rings[$0] }) else {
                #expect(record.workerFilters.isEmpty)
                continue
              }
              #expect(ring.slotBytes >= record.slotBytes && ring.fillRole == .filter)
            }
          }
        } catch {
          refused += 1
          #expect(error.code == .unavailable)
          // What it asks for suffices.
          let need = UInt64(error.advice.split(separator: " ").first { $0.hasSuffix("MiB") }?.dropLast(3) ?? "") ?? 0
          #expect(need << 20 > budget)
          #expect(throws: Never.self) { try make(need << 20) }
        }
      }
    }
    #expect(refused > 10)
  }

  @Test func tenThousandClipsOfManySizes() throws {
    var project = Project(canvas: Canvas(width: 640, height: 360))
    project.path = "/p.json"
    var media: [String: MediaInfo] = [:]
    for index in 0..<200 {
      var info = MediaInfo(path: "/\(index)", kind: .video)
      var video = MediaInfo.Video()
      video.width = 320 + index * 2
      video.height = 240
      video.averageRate = Rational(30)
      video.slotBytes = PlaneLayout.slotBytes(PlaneLayout(.yuv420p, width: 320 + index * 16, height: 240).bytes)
      video.pictureBuffers = 1 + index % 6
      info.video = video
      info.duration = Rational(1000)
      media[info.path] = info
      project.sources.append(.init("s\(index)", .file(info.path)))
    }
    var track = Project.Track()
    for index in 0..<10_000 {
      var clip = Project.Clip(source: index * 7 % 200)
      clip.at = .frames(Int64(index) * 10)
      clip.duration = .frames(10)
      clip.in = .frames(Int64(index % 50))
      track.clips.append(clip)
    }
    project.tracks = [track]
    let memory = try plan(project, media).withView { view in
      #expect(view.streamCount == 10_000)
      return try MemoryPlan.make(plan: view, budget: 1 << 30, decoders: 1, renderers: 1, lanes: 2, segmented: true)
    }
    #expect(memory.rings.count <= Int(SLUICE_MAX_RINGS))
    #expect(memory.streamRings.count == 10_000)
  }
}
