import FrameModel
import Plan
import SluiceBase
import Testing
import Timeline

@testable import Supervisor

/// What is encoded, and how, by the project, the command line and the name of the output.
struct OutputChoiceTests {
  func choice(
    _ output: String, hasSound: Bool = true, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> OutputChoice {
    let canvas = Canvas(
      width: 64, height: 48, format: .yuv420p, rate: Rational(25), background: .black, color: .bt709, sampleAspect: .one)
    var project = Project(canvas: canvas)
    project.path = "p.json"
    var configuration = RunConfiguration(project: project, output: output)
    change(&configuration)
    return try OutputChoice(configuration, hasSound: hasSound)
  }

  func refusal(
    _ output: String, hasSound: Bool = true, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) -> SluiceError? {
    do {
      _ = try choice(output, hasSound: hasSound, change)
      return nil
    } catch { return error as? SluiceError }
  }

  @Test func everyContainerHasItsUsualSound() throws {
    for (name, codec, bitRate) in [
      ("a.mp4", "aac", 192_000), ("a.mov", "aac", 192_000), ("a.mkv", "libopus", 128_000), ("a.webm", "libopus", 128_000),
      ("a.nut", "pcm_s16le", 0), ("a.avi", "libmp3lame", 192_000), ("a.ts", "aac", 192_000), ("a.ogv", "libvorbis", 0),
      ("a.mxf", "pcm_s16le", 0),
    ] as [(String, String, Int64)] {
      let choice = try choice(name)
      #expect(choice.settings.hasPictures && choice.note == nil)
      #expect(choice.settings.sound?.codec == codec, "\(name)")
      #expect(choice.settings.sound?.bitRate == bitRate, "\(name)")
      #expect(choice.settings.sound?.channels == 2 && choice.settings.sound?.sampleRate == 48000)
    }
  }

  @Test func someOutputsAreSoundAlone() throws {
    for (name, format, codec) in [
      ("a.wav", "wav", "pcm_s16le"), ("a.flac", "flac", "flac"), ("a.m4a", "ipod", "aac"), ("a.mp3", "mp3", "libmp3lame"),
      ("a.opus", "opus", "libopus"), ("a.ogg", "oga", "libvorbis"), ("a.mka", "matroska", "libopus"), ("a.aac", "adts", "aac"),
      ("a.aiff", "aiff", "pcm_s16be"), ("a.w64", "w64", "pcm_s16le"),
    ] {
      let settings = try choice(name).settings
      #expect(!settings.hasPictures && settings.format == format && settings.sound?.codec == codec, "\(name)")
      #expect(OutputChoice.isDirect(settings, output: name, command: nil))
    }
    let piped = try choice("-") { $0.format = "wav" }
    #expect(!piped.settings.hasPictures && piped.settings.format == "wav")
    // The muxer's name and the file's ending together.
    #expect(try choice("a.mka") { $0.format = "matroska" }.settings.hasPictures == false)
    #expect(try choice("a.mkv") { $0.format = "matroska" }.settings.hasPictures)
    // What the project says of pictures does not matter there.
    let project = try choice("a.wav") {
      $0.project.output.codec = "libx264"
      $0.project.output.options = [.init("g", "12")]
    }
    #expect(project.settings.options == [] && project.settings.codec == "")
    #expect(refusal("a.wav", hasSound: false)?.code == .badInput)
    #expect(refusal("a.wav", hasSound: false)?.description == "p.json: there is no sound in it; wav has nothing but sound")
    let codec = refusal("a.wav") { $0.pictures.codec = "libx264" }
    #expect(
      codec?.code == .usage && codec?.description.hasPrefix("--codec: wav has no pictures, so libx264 encodes nothing") == true)
    #expect(refusal("a.wav") { $0.sound.isOff = true }?.code == .usage)
  }

  @Test func soundThatAnOutputCannotHaveIsSaidInOneLine() throws {
    let y4m = try choice("a.y4m")
    #expect(y4m.settings.sound == nil)
    #expect(y4m.note == "y4m has no sound; use nut, mkv or mp4, or --no-audio to render without this line")
    for name in ["a.png", "a.gif", "a.yuv", "a.h264"] {
      #expect(try choice(name).note?.contains("has no sound") == true, "\(name)")
    }
    // Nobody speaks of what there is not, or was not wanted.
    #expect(try choice("a.y4m", hasSound: false).note == nil)
    #expect(try choice("a.y4m") { $0.sound.isOff = true }.note == nil)
    let silent = try choice("a.mp4") { $0.sound.isOff = true }
    #expect(silent.settings.sound == nil && silent.note == nil)
    #expect(try choice("a.mp4", hasSound: false).settings.sound == nil)
    let named = refusal("a.y4m") { $0.sound.codec = "aac" }
    #expect(
      named?.code == .usage && named?.description.hasPrefix("--audio-codec: y4m has no sound, so aac encodes nothing") == true)
  }

  @Test func anEncoderCommandGetsSoundInNUT() throws {
    let y4m = try choice("o.mp4") { $0.encoderCommand = "ffmpeg -i -" }
    #expect(y4m.settings.format == "yuv4mpegpipe" && y4m.settings.sound == nil)
    #expect(y4m.note?.hasPrefix("the encoder command gets y4m, which has no sound; --format nut has") == true)
    let nut = try choice("o.mp4") {
      $0.encoderCommand = "ffmpeg -i -"
      $0.format = "nut"
    }
    #expect(nut.settings.sound?.codec == "pcm_s16le" && nut.note == nil)
  }

  @Test func theCommandLineIsStrongerThanTheProject() throws {
    let settings = try choice("a.mkv") {
      $0.project.sampleRate = 44100
      $0.project.output.audio = Project.AudioOutput()
      $0.project.output.audio?.codec = "flac"
      $0.project.output.audio?.bitRate = 64000
      $0.project.output.audio?.options = [.init("compression_level", "3"), .init("lpc_type", "levinson")]
      $0.sound.options = [.init("compression_level", "8")]
    }.settings
    #expect(settings.sound?.codec == "flac" && settings.sound?.bitRate == 64000 && settings.sound?.sampleRate == 44100)
    #expect(settings.sound?.options == [.init("lpc_type", "levinson"), .init("compression_level", "8")])
    let line = try choice("a.mkv") {
      $0.project.output.audio = Project.AudioOutput()
      $0.project.output.audio?.codec = "flac"
      $0.sound.codec = "aac"
      $0.sound.bitRate = 320_000
      $0.project.channels = .surround
    }.settings
    #expect(line.sound?.codec == "aac" && line.sound?.bitRate == 320_000 && line.sound?.channels == 6)
    // Opus knows no 44.1 kHz.
    #expect(try choice("a.webm") { $0.project.sampleRate = 44100 }.settings.sound?.codec == "libvorbis")
  }

  @Test func aMuxerOutsideTheTableNeedsToBeToldItsSound() throws {
    let unknown = try choice("a.asf") { $0.format = "asf" }
    #expect(unknown.settings.sound == nil && unknown.note?.contains("name its codec with --audio-codec") == true)
    let known = try choice("a.asf") {
      $0.format = "asf"
      $0.sound.codec = "libmp3lame"
    }
    #expect(known.settings.sound?.codec == "libmp3lame" && known.settings.format == "asf")
  }
}
