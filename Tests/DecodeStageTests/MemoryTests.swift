import AVBinding
import DecodeStage
import FrameModel
import Testing

@Suite struct MemoryTests {
  @Test func privateMemoryIsWithinWhatThePlanCounts() throws {
    let sample = try #require(Sample.all.first { $0.name == "h264-closed.mp4" })
    let (path, _) = try sample.prepared()
    let plain = try #require(try MediaProbe.probe(path: path).video)
    func bound(_ video: MediaInfo.Video, _ effects: String, _ deinterlace: Bool, _ isReverse: Bool, _ warmUp: Int) -> Int {
      StreamMemory.privateBytes(
        video, threads: 2, effects: effects, deinterlace: deinterlace, isReverse: isReverse, warmUp: warmUp)
    }
    #expect(bound(plain, "", false, false, 0) == 0)
    for (text, step) in [("hflip", 1), ("tmix=frames=5", 1), ("tmix=frames=5", -1), ("", -1), ("hflip", -1)] as [(String, Int64)]
    {
      let effects = text.isEmpty ? "" : "[{\"avfilter\": \"\(text)\"}]"
      let video = try #require(try MediaProbe.probe(path: text.isEmpty ? path : effectKey(path, effects)).video)
      var request = DecodeRequest(
        source: .file(path), start: 3, step: Rational(step, 25), endFrame: 60, threads: 2)
      request.effects = try #require(EffectChain(json: effects))
      request.warmUp = 4
      let result = try deliver(request, slotBytes: video.slotBytes, slots: 4)
      let used = Int(result.provider.count(.buffersCreated)) * video.sourceBytes
      let most = bound(video, effects, false, step < 0, 4)
      #expect(used > 0 && used <= most, "\(text) \(step): \(used) of \(most)")
    }
  }
}
