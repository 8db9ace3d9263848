import Foundation
import FrameModel
import SluiceBase
import Testing

@Suite struct ContainerTests {
  @Test(arguments: [Rational(24000, 1001), Rational(25), Rational(30000, 1001), Rational(60)])
  func rateAndTimesAreExactInMP4(rate: Rational) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a.mp4"
    let done = try encode(
      settings("libx264", "mp4", rate: rate, options: [("preset", "veryfast"), ("crf", "23")]), count: 40, to: path)
    #expect(done.releases.areOnce(40))
    #expect(done.bytes == UInt64(try Data(contentsOf: URL(fileURLWithPath: path)).count))
    let fields = try probe(path, "r_frame_rate,avg_frame_rate,nb_read_packets,duration_ts,time_base,nb_frames")
    #expect(fields["r_frame_rate"] == "\(rate.num)/\(rate.den)")
    #expect(fields["avg_frame_rate"] == "\(rate.num)/\(rate.den)")
    #expect(fields["nb_read_packets"] == "40")
    #expect(fields["nb_frames"] == "40")
    let times = try times(path)
    #expect(times.count == 40)
    for (index, time) in times.enumerated() {
      #expect(abs(time - Double(index) / rate.double) < 0.000_002)
    }
    let base = (fields["time_base"] ?? "").split(separator: "/").compactMap { Int64($0) }
    let duration = Rational(Int64(fields["duration_ts"] ?? "") ?? 0) * Rational(base[0], base[1])
    #expect(duration == Rational(40) / rate)
  }

  @Test(arguments: [
    ("libx264", "mov"), ("libx264", "matroska"), ("libvpx-vp9", "webm"), ("ffv1", "nut"), ("mpeg4", "avi"),
    ("libx264", "mpegts"), ("prores_ks", "mov"), ("mjpeg", "matroska"), ("gif", "gif"), ("rawvideo", "nut"),
    ("mpeg2video", "mxf"), ("libtheora", "ogg"), ("libx265", "mp4"), ("apng", "apng"),
  ])
  func everyContainerHoldsAllFrames(codec: String, format: String) throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a." + format
    let done = try encode(settings(codec, format), count: 25, to: path)
    #expect(done.releases.areOnce(25))
    #expect(try times(path).count == 25)
    let fields = try probe(path, "width,height")
    #expect(fields["width"] == "160")
    #expect(fields["height"] == "96")
  }

  @Test func colourTagsReachTheStreamAndTheContainer() throws {
    let folder = TemporaryFolder()
    var wanted = settings("libx264", "mp4")
    wanted.color = ColorDescription(matrix: 9, primaries: 9, transfer: 16, fullRange: false, chromaLocation: 2)
    wanted.sampleAspect = Rational(4, 3)
    let path = folder.path + "/a.mp4"
    _ = try encode(wanted, count: 3, to: path)
    let names = "color_range,color_space,color_transfer,color_primaries,chroma_location,sample_aspect_ratio"
    let fields = try probe(path, names)
    #expect(fields["color_range"] == "tv")
    #expect(fields["color_space"] == "bt2020nc")
    #expect(fields["color_transfer"] == "smpte2084")
    #expect(fields["color_primaries"] == "bt2020")
    #expect(fields["chroma_location"] == "topleft")
    #expect(fields["sample_aspect_ratio"] == "4:3")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data("colrnclx".utf8)) != nil)
    wanted.color = ColorDescription(matrix: 1, primaries: 1, transfer: 1, fullRange: true)
    _ = try encode(wanted, count: 3, to: path)
    let full = try probe(path, names)
    #expect(full["color_range"] == "pc")
    #expect(full["color_space"] == "bt709")
  }

  @Test(arguments: [
    ("libx264", "mp4"), ("libx264", "matroska"), ("libvpx-vp9", "webm"), ("libx264", "mov"), ("libtheora", "ogg"),
    ("mpeg2video", "mxf"),
  ])
  func twoRunsMakeTheSameBytes(codec: String, format: String) throws {
    let folder = TemporaryFolder()
    // 272 pixels are 17 macroblocks: a width at which libx264 must be kept from its AVX-512 code.
    let a = folder.path + "/a", b = folder.path + "/b"
    _ = try encode(settings(codec, format, 272, 144), count: 30, to: a)
    Thread.sleep(forTimeInterval: 1.1)  // a date in the file would differ
    _ = try encode(settings(codec, format, 272, 144), count: 30, to: b)
    #expect(try Data(contentsOf: URL(fileURLWithPath: a)) == Data(contentsOf: URL(fileURLWithPath: b)))
  }

  @Test func indexMovesToTheFrontWithFaststart() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/a.mp4"
    let done = try encode(settings("libx264", "mp4", options: [("movflags", "+faststart")]), count: 30, to: path)
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let moov = try #require(data.range(of: Data("moov".utf8)))
    let mdat = try #require(data.range(of: Data("mdat".utf8)))
    #expect(moov.lowerBound < mdat.lowerBound)
    #expect(done.bytes == UInt64(data.count))
    #expect(try times(path).count == 30)
  }
}
