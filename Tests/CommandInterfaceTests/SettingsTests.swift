import FrameModel
import SluiceBase
import Testing
import Timeline

@testable import CommandInterface

private func settings(
  _ words: [String] = [], environment: [String: String] = [:], file: String? = nil, for command: CommandName = .render
) throws -> Settings {
  let parsed = try ArgumentParser.parse(words, options: Option.of(command), command: command)
  let file = try file.map { try ConfigurationFile(text: $0, path: "/c/config") }
  return try Settings(command, arguments: parsed, environment: { environment[$0] }, file: file)
}

private func refusal(
  _ words: [String] = [], environment: [String: String] = [:], file: String? = nil, for command: CommandName = .render
) -> String? {
  do {
    _ = try settings(words, environment: environment, file: file, for: command)
    return nil
  } catch {
    return "\(error)"
  }
}

struct SettingsTests {
  @Test func theCommandLineIsStrongerThanTheEnvironmentAndThatThanTheFile() throws {
    let file = "memory = 1GiB\ncrf = 30\npreset = slow\n"
    let s = try settings(["--memory", "3GiB"], environment: ["SLUICE_MEMORY": "2GiB", "SLUICE_CRF": "20"], file: file)
    #expect(s.size(.memory) == 3 << 30)
    #expect(s.text(.crf) == "20")
    #expect(s.text(.preset) == "slow")
    #expect(s.text(.codec) == nil)
  }

  @Test func everyOptionComesFromEnvironmentAndFile() throws {
    for option in Option.all where !option.immediate {
      let value =
        switch option.kind {
        case .flag: "yes"
        case .text, .file, .directory: "name"
        case .size: "1MiB"
        case .bitRate: "96k"
        case .time: "1.5"
        case .canvas: "64x48"
        case .rate: "25"
        case .count(let range): "\(range.lowerBound)"
        case .number: "7"
        case .choice(let choices): choices.last ?? ""
        case .assignment: "k=v"
        }
      for command in option.commands {
        let variable = try #require(option.environmentName)
        #expect(try settings(environment: [variable: value], for: command).text(option) == value)
        #expect(try settings(file: "\(option.name) = \(value)", for: command).text(option) == value)
      }
    }
  }

  @Test func whatBelongsToAnotherCommandIsLeftAloneInEnvironmentAndFile() throws {
    #expect(try !settings(environment: ["SLUICE_COLUMNS": "wrong"], file: "gap = 3").isSet(.gap))
  }

  @Test func aFlagOfTheFileIsUndoneOnTheCommandLine() throws {
    #expect(try settings(file: "yes = on").flag(.yes))
    #expect(try !settings(["--yes=no"], file: "yes = on").flag(.yes))
  }

  @Test func repeatedOptionsKeepTheirOrderAndTheStrongestPlaceGivesAll() throws {
    let file = "encoder-option = tune=film\nencoder-option = x264-params=keyint=30\n"
    #expect(try settings(file: file).assignments(.encoderOption).map(\.name) == ["tune", "x264-params"])
    #expect(try settings(file: file).assignments(.encoderOption).last?.value == "keyint=30")
    let s = try settings(["--encoder-option", "g=5", "--encoder-option=bf=0"], file: file)
    #expect(s.assignments(.encoderOption) == [.init("g", "5"), .init("bf", "0")])
    #expect(try settings(environment: ["SLUICE_ENCODER_OPTION": "a=1\nb=2"]).assignments(.encoderOption).count == 2)
  }

  @Test func aWrongValueNamesThePlaceWhereItStands() {
    #expect(refusal(["--memory", "12X"]) == "--memory: '12X' is not a size; write 512MiB or 1.5GB")
    #expect(refusal(environment: ["SLUICE_FROM": "x"])?.hasPrefix("SLUICE_FROM: 'x' is not a time") == true)
    #expect(refusal(file: "\n# c\nbackend = gpu")?.hasPrefix("/c/config:3: backend: 'gpu' is not auto, cpu or egl") == true)
    #expect(refusal(["--decoders", "0"]) == "--decoders: '0' is not a whole number from 1 to 32")
    #expect(refusal(["--from", "-3"])?.contains("is not a time") == true)
    #expect(refusal(["--encoder-option", "=3"])?.contains("NAME=VALUE") == true)
    #expect(refusal(["--crf", "good"])?.contains("is not a number") == true)
  }

  @Test func theFileTakesCommentsQuotesAndSpaces() throws {
    let text = "# first\n\n  codec=libx265   # second\npreset = \"a # b\"\nformat = x#y\n"
    let file = try ConfigurationFile(text: text, path: "c")
    #expect(file.entries.map(\.value) == ["libx265", "a # b", "x#y"])
    #expect(file.entries.map(\.line) == [3, 4, 5])
  }

  @Test func theFilesErrorsNameTheLineAndTheNearestKey() {
    #expect(refusal(file: "crf = 3\nmemmory = 4") == "/c/config:2: no such key 'memmory'; did you mean memory?")
    #expect(refusal(file: "crf") == "/c/config:1: 'crf' is no 'key = value'")
    #expect(refusal(file: "help = yes")?.contains("no such key 'help'") == true)
  }

  @Test func theFilesPathFollowsTheVariables() {
    func path(_ variables: [String: String]) -> String? { ConfigurationFile.standardPath { variables[$0] } }
    #expect(path(["XDG_CONFIG_HOME": "/x", "HOME": "/h"]) == "/x/sluice/config")
    #expect(path(["XDG_CONFIG_HOME": "relative", "HOME": "/h"]) == "/h/.config/sluice/config")
    #expect(path(["HOME": "/h"]) == "/h/.config/sluice/config")
    #expect(path([:]) == nil)
  }
}

struct ValuesTests {
  @Test(
    arguments: [
      ("1", 1), ("512MiB", 512 << 20), ("512M", 512 << 20), ("512m", 512 << 20), ("1GiB", 1 << 30), ("1.5GB", 1_500_000_000),
      ("1.5G", 3 << 29), ("64k", 65536), ("64 KiB", 65536), ("10KB", 10000), ("2TiB", 2 << 40), ("100b", 100), ("0.5KiB", 512),
    ] as [(String, UInt64)])
  func sizes(_ text: String, _ bytes: UInt64) { #expect(Values.size(text) == bytes) }

  @Test(arguments: ["", "0", "MiB", "-1M", "1.2.3M", "1e3", "12X", "1 2M", "0.1b", "999999999999TiB", "0x10", "1,5G", "٣M"])
  func notSizes(_ text: String) { #expect(Values.size(text) == nil) }

  @Test func rates() {
    #expect(Values.rate("30") == Rational(30))
    #expect(Values.rate("29.97") == Rational(30000, 1001))
    #expect(Values.rate("23.976") == Rational(24000, 1001))
    #expect(Values.rate("30000/1001") == Rational(30000, 1001))
    #expect(Values.rate("12.5") == Rational(25, 2))
    for wrong in ["0", "-5", "x", "1/0", "30/", "/2", "1e9", "1001", ""] { #expect(Values.rate(wrong) == nil, "\(wrong)") }
  }

  @Test func canvases() {
    #expect(Values.canvas("1920x1080")?.width == 1920)
    #expect(Values.canvas("1920x1080")?.height == 1080)
    for wrong in ["1920", "x", "0x5", "1920X1080x3", "70000x2", "12 x 5", "-3x4"] {
      #expect(Values.canvas(wrong) == nil, "\(wrong)")
    }
  }

  @Test func displays() {
    #expect(Values.sizeText(0) == "0 B")
    #expect(Values.sizeText(1023) == "1023 B")
    #expect(Values.sizeText(1536) == "1.5 KiB")
    #expect(Values.sizeText(183 << 20) == "183 MiB")
    #expect(Values.sizeText(1 << 30) == "1.0 GiB")
    #expect(Values.clock(0) == "0:00")
    #expect(Values.clock(65.4) == "1:05")
    #expect(Values.clock(3723) == "1:02:03")
    #expect(Values.clock(.infinity) == "--:--")
  }

  @Test func nearestNames() {
    #expect(NearestName.of("rendre", in: CommandName.allCases.map(\.rawValue)) == "render")
    #expect(NearestName.of("valid", in: CommandName.allCases.map(\.rawValue)) == "validate")
    #expect(NearestName.of("xyzzy", in: CommandName.allCases.map(\.rawValue)) == nil)
    #expect(NearestName.of("", in: ["a"]) == nil)
  }
}

extension SettingsTests {
  @Test func bitRatesAndLoudnessAreNumbers() throws {
    #expect(try settings(["--audio-bitrate", "192k"]).bitRate(.audioBitrate) == 192_000)
    #expect(try settings(["--audio-bitrate", "1.5M"]).bitRate(.audioBitrate) == 1_500_000)
    #expect(try settings(["--loudness", "-14.5"]).decimal(.loudness) == Rational(-29, 2))
    for wrong in ["loud", "0", "-5", "192q", "1e9", ""] {
      #expect(throws: SluiceError.self) { try settings(["--audio-bitrate", wrong]) }
    }
    #expect(throws: SluiceError.self) { try settings(["--channels", "3"]) }
    #expect(throws: SluiceError.self) { try settings(["--sample-rate", "5"]) }
  }
}
