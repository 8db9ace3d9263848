import EncodeStage
import Foundation
import FrameModel
import SluiceBase
import Testing

/// What users read when they ask for sound that cannot be made.
@Suite struct SoundRefusalTests {
  func refusal(
    _ codec: String, _ format: String, wave: Wave = Wave(frames: 100), bitRate: Int64 = 0, options: [(String, String)] = []
  ) -> SluiceError? {
    let folder = TemporaryFolder()
    var wanted = soundSettings(codec, format, wave: wave, bitRate: bitRate)
    wanted.sound?.options = options.map { OutputSettings.Option($0.0, $0.1) }
    return failure { _ = try encodeSound(wanted, wave, to: folder.path + "/a") }
  }

  @Test func namesThatMeanNothingNameTheNearest() {
    #expect(refusal("libopsu", "opus")?.description == "there is no encoder libopsu; did you mean libopus?")
    for (name, encoder) in [("mp3", "libmp3lame"), ("lame", "libmp3lame"), ("ogg vorbis", "libvorbis"), ("wav", "pcm_s16le")] {
      #expect(refusal(name, "matroska")?.description.contains(encoder) == true, "\(name)")
    }
    #expect(refusal("libx264", "mp4")?.description == "libx264 is not an encoder for sound; try aac")
    #expect(refusal("mp3", "mp3")?.description == "mp3 is a codec, not an encoder; its encoder here is libmp3lame")
    #expect(refusal("libfdk_aac", "mp4")?.code == .unavailable)
    let option = refusal("aac", "mp4", options: [("aac_codre", "fast")])
    #expect(option?.description == "aac and mp4: no option aac_codre; did you mean aac_coder?")
    #expect(refusal("aac", "mp4", options: [("aac_coder", "slow")])?.description.contains("it takes anmr, twoloop, fast") == true)
    // An option of pictures' encoders is none here.
    #expect(refusal("aac", "mp4", options: [("g", "12")])?.code == .usage)
  }

  @Test func whatAnEncoderDoesNotTakeSaysWhatItTakes() {
    let rate = refusal("libopus", "opus", wave: Wave(frames: 100, rate: 44100))
    #expect(rate?.code == .usage)
    #expect(
      rate?.description
        == "libopus: does not take 44100 samples a second; it takes 8000, 12000, 16000, 24000, 48000: say so with --sample-rate or canvas.sampleRate"
    )
    let channels = refusal("libmp3lame", "mp3", wave: Wave(frames: 100, channels: 6))
    #expect(channels?.description == "libmp3lame: does not take 6 channels; it takes 1, 2: say so with --channels")
    let samples = refusal("flac", "flac", options: [("sample_fmt", "flt")])
    #expect(samples?.description == "flac: does not take samples of the format flt; it takes s16, s32")
    #expect(refusal("flac", "flac", options: [("sample_fmt", "s16")]) == nil)
  }

  @Test func codecsThatDoNotFitTheContainerAreRefused() {
    let mp4 = refusal("pcm_s16le", "mp4")
    #expect(mp4?.code == .usage)
    #expect(mp4?.description == "mp4 files cannot hold what pcm_s16le makes; mp4 takes aac, matroska nearly all")
    #expect(refusal("aac", "webm")?.description.hasPrefix("webm files cannot hold what aac makes; webm takes libopus") == true)
    #expect(refusal("aac", "wav")?.code == nil, "WAV holds AAC, too")
    #expect(refusal("aac", "flac")?.code == .usage)
  }

  @Test func bitRatesThatCannotBeAreRefused() {
    #expect(refusal("flac", "flac", bitRate: 192_000)?.description.hasPrefix("flac: has no bit rate") == true)
    #expect(refusal("pcm_s16le", "wav", bitRate: 192_000)?.code == .usage)
    let opus = refusal("libopus", "opus", bitRate: 100)
    #expect(opus?.code == .usage)
    #expect(opus?.description.contains("100 b") == true, "\(opus?.description ?? "")")
    let aac = refusal("aac", "mp4", bitRate: 10_000_000)
    #expect(aac?.code == .usage)
    #expect(aac?.description.hasPrefix("aac: 10000000 bits a second are more than it makes") == true)
  }

  @Test func containersWithoutSoundAreRefused() throws {
    let folder = TemporaryFolder()
    var wanted = settings("rawvideo", "yuv4mpegpipe")
    wanted.sound = SoundSettings()
    let fd = openNew(folder.path + "/a")
    let y4m = failure { _ = try VideoOutput(settings: wanted, input: .yuv420p, fd: fd.raw) }
    #expect(y4m?.description == "yuv4mpegpipe carries no sound; use nut, or --no-audio")
    wanted.format = "gif"
    wanted.codec = "gif"
    #expect(failure { _ = try VideoOutput(settings: wanted, input: .yuv420p, fd: fd.raw) }?.code == .usage)
  }
}
