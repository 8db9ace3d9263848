import AVBinding
import DecodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing

/// What is shown of a damaged file depends on the file only: not on where decoding begins, not on threads, not on what lay
/// in the slots.
@Suite struct DamagedBytesTests {
  struct Damaged: Sendable, CustomTestStringConvertible {
    var name: String
    var codec: [String]
    var testDescription: String { name }

    private static let x265 = "log-level=error:keyint=20:min-keyint=20:scenecut=0:bframes=3:pools=1:frame-threads=1"
    static let all: [Damaged] = [
      Damaged(name: "closed.mp4", codec: Sample.x264 + ["-x264-params", "keyint=20:bframes=3:b-pyramid=normal:ref=4:slices=2"]),
      Damaged(
        name: "open.mp4", codec: Sample.x264 + ["-x264-params", "keyint=20:min-keyint=20:scenecut=0:open-gop=1:bframes=3"]),
      Damaged(name: "refresh.mkv", codec: Sample.x264 + ["-x264-params", "keyint=20:intra-refresh=1:bframes=0"]),
      Damaged(name: "hevc.mp4", codec: ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265 + ":open-gop=1"]),
      Damaged(
        name: "vp8.webm", codec: ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-b:v", "300k"]),
      Damaged(
        name: "vp9.webm", codec: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-b:v", "300k"]),
      Damaged(name: "mpeg2.mkv", codec: ["-c:v", "mpeg2video", "-g", "15", "-bf", "2", "-q:v", "4"]),
      Damaged(name: "mpeg4.mp4", codec: ["-c:v", "mpeg4", "-g", "20", "-bf", "2", "-q:v", "4"]),
      Damaged(name: "mpeg4.avi", codec: ["-c:v", "mpeg4", "-g", "20", "-bf", "2", "-q:v", "4"]),
      Damaged(name: "mjpeg.mov", codec: ["-c:v", "mjpeg", "-q:v", "3"]),
    ]

    /// Bits of some packets' contents flipped; the container stays whole.
    func make() throws -> (whole: String, damaged: String) {
      let whole = try Media.make(
        "bytes-\(name)", ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=3,noise=alls=12:allf=t"] + codec)
      let text = try Media.run(
        "ffprobe", ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos,size", "-of", "csv=p=0", whole])
      let packets = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line -> (at: Int, size: Int)? in
        let fields = line.split(separator: ",").compactMap { Int($0) }
        return fields.count > 1 ? (fields[1], fields[0]) : nil
      }
      guard packets.count > 50 else { throw Media.Failure(text: "no packets in \(whole)") }
      var bytes = try Data(contentsOf: URL(filePath: whole))
      var dice = Dice(state: 1)
      for _ in 0..<9 {
        let packet = packets[Int.random(in: 0..<packets.count, using: &dice)]
        guard packet.size > 40 else { continue }
        bytes[packet.at + Int.random(in: 30..<packet.size, using: &dice)] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
      }
      let damaged = Media.folder.appending(path: "damaged-" + name)
      try bytes.write(to: damaged)
      return (whole, damaged.path)
    }
  }

  /// Digests by frame.
  private func shown(
    _ path: String, _ video: MediaInfo.Video, from start: Int64 = 0, frames: Int64, threads: Int, fill: UInt8,
    speed: Rational = 1,
    backwards: Bool = false
  ) throws -> [UInt64] {
    let provider = FakeProvider(slotBytes: video.slotBytes, slots: video.pictureBuffers + threads + 3, fill: fill)
    let step = Rational(1, 25) * speed
    let request = DecodeRequest(
      source: .file(path), start: Rational(start, 25), step: backwards ? .zero - step : step, endFrame: frames, threads: threads)
    try DecodeStream(request: request, provider: provider).run()
    var digests: [UInt64] = []
    for picture in provider.published { for _ in 0..<picture.count { digests.append(picture.digest) } }
    #expect(digests.count == Int(frames))
    #expect(provider.drain() && provider.mistakes.isEmpty, "\(provider.mistakes)")
    return digests
  }

  @Test(arguments: Damaged.all) func pictureOfADamagedFileIsTheSameFromEveryPlace(_ sample: Damaged) throws {
    let (whole, path) = try sample.make()
    let video = try #require(try MediaProbe.probe(path: path).video)
    let count: Int64 = 75
    let reference = try shown(path, video, frames: count, threads: 1, fill: 0x5a)
    #expect(try shown(whole, video, frames: count, threads: 1, fill: 0x5a) != reference, "nothing is damaged")
    for (threads, fill) in [(2, 0x11), (4, 0x77)] as [(Int, UInt8)] {
      let again = try shown(path, video, frames: count, threads: threads, fill: fill)
      #expect(again == reference, "\(threads) threads: \(zip(again, reference).filter { $0 != $1 }.count) differ")
    }
    var wrong: [Int64] = []
    for start in stride(from: Int64(1), to: count, by: 4) {
      let frames = min(4, count - start)
      let part = try shown(
        path, video, from: start, frames: frames, threads: 1 + Int(start / 4 % 2), fill: UInt8(start))
      if part != Array(reference[Int(start)..<Int(start + frames)]) { wrong.append(start) }
    }
    #expect(wrong.isEmpty, "from frames \(wrong)")
    let fast = try shown(path, video, frames: 25, threads: 2, fill: 0x33, speed: 3)
    #expect(fast == stride(from: 0, to: Int(count), by: 3).map { reference[$0] })
    let backwards = try shown(path, video, from: count - 1, frames: count, threads: 2, fill: 0x44, backwards: true)
    #expect(backwards == reference.reversed())
  }
}
