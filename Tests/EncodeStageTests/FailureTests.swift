import CSluice
import EncodeStage
import Foundation
import FrameModel
import SluiceBase
import SystemBase
import Testing

@Suite struct FailureTests {
  /// What the user reads when these settings are refused at the start.
  func refusal(_ settings: OutputSettings, input: PixelFormat = .yuv420p) -> SluiceError? {
    let folder = TemporaryFolder()
    return failure { _ = try encode(settings, input: input, count: 0, to: folder.path + "/a") }
  }

  @Test func namesThatMeanNothingNameTheNearest() {
    let codec = refusal(settings("libx246", "mp4"))
    #expect(codec?.code == .usage)
    #expect(codec?.description == "there is no encoder libx246; did you mean libx264?")
    let container = refusal(settings("libx264", "matrosca"))
    #expect(container?.description == "there is no format matrosca; did you mean matroska?")
    let option = refusal(settings("libx264", "mp4", options: [("presett", "fast")]))
    #expect(option?.code == .usage)
    #expect(option?.description == "libx264 and mp4: no option presett; did you mean preset?")
    let muxer = refusal(settings("libx264", "mp4", options: [("movflag", "faststart")]))
    #expect(muxer?.description == "libx264 and mp4: no option movflag; did you mean movflags?")
    let raw = refusal(settings("rawvideo", "yuv4mpegpipe", options: [("crf", "23")]))
    #expect(raw?.code == .usage)
    #expect(raw?.description == "yuv4mpegpipe: no option crf")
    let pixels = { () -> SluiceError? in
      var wanted = settings("libx264", "mp4")
      wanted.pixelFormat = "yuv402p"
      return self.refusal(wanted)
    }()
    #expect(pixels?.description == "there is no pixel format yuv402p; did you mean yuv420p?")
  }

  @Test(arguments: [
    ("x264", "libx264"), ("H.264", "libx264"), ("h264", "libx264"), ("avc", "libx264"), ("x265", "libx265"), ("HEVC", "libx265"),
    ("h265", "libx265"), ("av1", "libsvtav1"), ("svt-av1", "libsvtav1"), ("vp9", "libvpx-vp9"), ("vp8", "libvpx"),
    ("ProRes 422", "prores_ks"), ("xvid", "libxvid"), ("jpeg", "mjpeg"), ("lossless", "ffv1"),
  ])
  func everydayNamesOfCodecsAreUnderstood(_ name: String, _ encoder: String) {
    let refusal = refusal(settings(name, "mp4"))
    let texts = [
      "there is no encoder \(name); did you mean \(encoder)?",
      "\(name) is a codec, not an encoder; its encoder here is \(encoder)",
    ]
    #expect(refusal?.code == .usage && texts.contains(refusal?.description ?? ""), "\(refusal?.description ?? "")")
  }

  @Test func codecsThatAreNotHereAreUnavailable() {
    #expect(refusal(settings("libvvenc", "mp4"))?.code == .unavailable)
    #expect(refusal(settings("hevc_videotoolbox", "mp4"))?.code == .unavailable)
    let name = refusal(settings("h264", "mp4"))
    #expect(name?.code == .usage)
    #expect(name?.description.contains("libx264") == true)
    #expect(refusal(settings("aac", "mp4"))?.description == "aac is not an encoder for pictures; try libx264")
  }

  @Test func badValuesSayWhatIsAllowed() {
    let preset = refusal(settings("libx264", "mp4", options: [("preset", "warp")]))
    #expect(preset?.code == .usage)
    #expect(preset?.description.contains("warp") == true)
    #expect(preset?.description.contains("veryfast") == true)
    let number = refusal(settings("libx264", "mp4", options: [("g", "many")]))
    #expect(number?.code == .usage)
    #expect(number?.description.hasPrefix("libx264: \"many\" is no value of the option g") == true)
    #expect(refusal(settings("libx264", "mp4", options: [("crf", "-7")]))?.description.contains("from -1 to") == true)
    #expect(refusal(settings("libx264", "mp4", options: [("x264-params", "keyintt=3")]))?.code == .usage)
    #expect(
      refusal(settings("libx264", "mp4", options: [("movflags", "frag_often")]))?.description.contains("frag_keyframe") == true)
    #expect(refusal(settings("libx264", "mp4", 161, 96))?.description.contains("not divisible by 2") == true)
    var wanted = settings("libx264", "mp4")
    wanted.pixelFormat = "rgb24"
    #expect(refusal(wanted)?.description.hasPrefix("libx264: does not take the pixel format rgb24; it takes yuv420p") == true)
  }

  @Test func codecsThatDoNotFitTheContainerAreRefused() {
    let webm = refusal(settings("libx264", "webm"))
    #expect(webm?.code == .usage)
    #expect(webm?.description.hasPrefix("webm files cannot hold what libx264 makes") == true)
    #expect(refusal(settings("libx264", "yuv4mpegpipe"))?.code == .usage)
    #expect(refusal(settings("png", "image2"))?.description.contains("image2pipe") == true)
  }

  @Test func anMP4IntoAPipeIsRefusedWithAdviceAndGoesInFragments() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    let fd = pipe.fileHandleForWriting.fileDescriptor
    let error = failure { _ = try VideoOutput(settings: settings("libx264", "mp4"), input: .yuv420p, fd: fd) }
    #expect(error?.code == .usage)
    #expect(
      error?.description
        == "output: mp4 cannot be written to a pipe; use --format nut or matroska, or --encoder-option movflags=frag_keyframe+empty_moov"
    )
    let fragments = settings("libx264", "mp4", options: [("movflags", "frag_keyframe+empty_moov")])
    let output = try VideoOutput(settings: fragments, input: .yuv420p, fd: fd)
    let slot = FakeSlot(.yuv420p, 160, 96, seed: 1)
    try output.encode(slot.readable, description: slot.description, number: 0, release: {})
    #expect(try output.finish() > 100)
  }

  @Test(arguments: [("rawvideo", "yuv4mpegpipe"), ("rawvideo", "nut"), ("libx264", "matroska")])
  func aClosedPipeIsOneClearError(codec: String, format: String) throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    var options: [(String, String)] = []
    if codec == "libx264" { options = [("tune", "zerolatency")] }
    let output = try VideoOutput(
      settings: settings(codec, format, options: options), input: .yuv420p, fd: pipe.fileHandleForWriting.fileDescriptor)
    try pipe.fileHandleForReading.close()
    let releases = Releases()
    let slot = FakeSlot(.yuv420p, 160, 96, seed: 1)
    let error = failure {
      for number in 0..<5 {
        try output.encode(slot.readable, description: slot.description, number: Int64(number), release: releases.closure(number))
      }
      _ = try output.finish()
    }
    #expect(error?.code == .cannotCreate)
    #expect(error?.description == "output: the reader closed the pipe")
  }

  @Test(arguments: [("rawvideo", "yuv4mpegpipe"), ("rawvideo", "nut"), ("libx264", "matroska")])
  func aFullDeviceIsOneClearError(codec: String, format: String) throws {
    let fd = FileDescriptor(sluice_open("/dev/full", O_WRONLY, 0))
    let error = failure {
      let output = try VideoOutput(settings: settings(codec, format), input: .yuv420p, fd: fd.raw)
      let slot = FakeSlot(.yuv420p, 160, 96, seed: 1)
      try output.encode(slot.readable, description: slot.description, number: 0, release: {})
      _ = try output.finish()
    }
    #expect(error?.code == .cannotCreate)
    #expect(error?.description == "output: no space left on device; free some and run it again")
  }

  @Test func everySlotIsReleasedOnceWhateverHappens() throws {
    let folder = TemporaryFolder()
    let releases = Releases()
    let good = FakeSlot(.yuv420p, 160, 96, seed: 1), small = FakeSlot(.yuv420p, 80, 96, seed: 1)
    do {
      let fd = FileDescriptor(sluice_open(folder.path + "/a.mkv", O_RDWR | O_CREAT, 0o600))
      let output = try VideoOutput(settings: settings("mpeg4", "matroska", options: [("bf", "2")]), input: .yuv420p, fd: fd.raw)
      for number in 0..<4 {
        try output.encode(good.readable, description: good.description, number: Int64(number), release: releases.closure(number))
      }
      let size = failure {
        try output.encode(small.readable, description: small.description, number: 4, release: releases.closure(4))
      }
      #expect(size?.code == .software)
      let order = failure {
        try output.encode(good.readable, description: good.description, number: 2, release: releases.closure(5))
      }
      #expect(order?.code == .software)
      // Given up without finish.
    }
    #expect(releases.areOnce(6))
  }

  @Test func x264LetsTheSlotGoDuringTheCall() throws {
    let folder = TemporaryFolder()
    let fd = FileDescriptor(sluice_open(folder.path + "/a.mkv", O_RDWR | O_CREAT, 0o600))
    let counters = FakeCounters()
    let output = try VideoOutput(settings: settings("libx264", "matroska"), input: .yuv420p, fd: fd.raw, counters: counters)
    let releases = Releases()
    for number in 0..<12 {
      let slot = FakeSlot(.yuv420p, 160, 96, seed: number)
      try output.encode(slot.readable, description: slot.description, number: Int64(number), release: releases.closure(number))
      #expect(releases.all[number] == 1)
    }
    _ = try output.finish()
    #expect(counters[.busyNanoseconds] > 0)
    #expect(counters[.frames] == 12)
    #expect(counters[.copiedBytes] == 0)
  }
}
