import SluiceBase
import Testing

@testable import CommandInterface

private func parse(_ words: String..., for command: CommandName = .render) throws -> ParsedArguments {
  try ArgumentParser.parse(words, options: Option.of(command), command: command)
}

private func refusal(_ words: [String], for command: CommandName = .render) -> SluiceError? {
  do throws(SluiceError) {
    _ = try ArgumentParser.parse(words, options: Option.of(command), command: command)
    return nil
  } catch {
    return error
  }
}

struct ArgumentParserTests {
  @Test func optionsAndOperandsStandInAnyOrder() throws {
    let parsed = try parse("p.json", "-o", "a.mp4", "-y", "--crf=18", "--preset", "slow")
    #expect(parsed.operands == ["p.json"])
    #expect(parsed.given.map(\.option.name) == ["output", "yes", "crf", "preset"])
    #expect(parsed.given.map(\.value) == ["a.mp4", "", "18", "slow"])
  }

  @Test func everythingBehindTwoDashesIsAnOperand() throws {
    let parsed = try parse("-y", "--", "-o", "--crf")
    #expect(parsed.operands == ["-o", "--crf"])
    #expect(parsed.given.count == 1)
  }

  @Test func aDashAloneIsAValueAndAnOperand() throws {
    let parsed = try parse("-", "-o", "-")
    #expect(parsed.operands == ["-"])
    #expect(parsed.given.first?.value == "-")
  }

  @Test func shortOptionsCluster() throws {
    let parsed = try parse("-yoa.mp4", "p.json")
    #expect(parsed.given.map(\.option.name) == ["yes", "output"])
    #expect(parsed.given.last?.value == "a.mp4")
  }

  @Test func namesMayBeAbbreviatedWhileTheyAreUnique() throws {
    #expect(try parse("--mem=1G").given.first?.option == .memory)
    let error = try #require(refusal(["--encoder"]))
    #expect(error.code == .usage)
    #expect(error.description.contains("--encoder-option") && error.description.contains("--encoder-command"))
  }

  @Test func everyOptionOfEveryCommandParsesInAllItsForms() throws {
    for command in CommandName.allCases {
      for option in Option.of(command) {
        let value = option.argument == nil ? "" : "v=1"
        var forms = [option.argument == nil ? ["--\(option.name)"] : ["--\(option.name)=v=1"]]
        if option.argument != nil { forms.append(["--\(option.name)", "v=1"]) }
        if let short = option.short { forms.append(option.argument == nil ? ["-\(short)"] : ["-\(short)", "v=1"]) }
        for form in forms {
          let parsed = try ArgumentParser.parse(["x"] + form + ["y"], options: Option.of(command), command: command)
          #expect(parsed.given.map(\.option) == [option], "\(command) \(form)")
          #expect(parsed.given.map(\.value) == [value])
          #expect(parsed.operands == ["x", "y"])
        }
      }
    }
  }

  @Test(arguments: [
    ("--memroy", "--memory"), ("--codek", "--codec"), ("--outptu", "--output"), ("--pixelformat", "--pixel-format"),
    ("--rendrers", "--renderers"), ("--ouput=x", "--output"), ("--decoder-s", "--decoders"), ("-preset", "--preset"),
  ])
  func anUnknownOptionNamesTheNearest(_ wrong: String, _ right: String) throws {
    let error = try #require(refusal(["p.json", wrong]))
    #expect(error.code == .usage)
    #expect(error.advice == "did you mean \(right)?", "\(error)")
  }

  @Test func anOptionOfAnotherCommandIsNamedAsSuch() throws {
    let error = try #require(refusal(["--columns", "3"]))
    #expect(error.description == "--columns: is no option of render; it belongs to grid")
  }

  @Test func aMissingValueIsNamed() throws {
    #expect(refusal(["p.json", "-o"])?.description == "-o: needs a value; write -o, --output OUT")
    #expect(refusal(["p.json", "--crf"])?.description == "--crf: needs a value; write --crf N")
  }

  @Test func parsersOnManyThreadsDoNotDisturbEachOther() async {
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<200 {
        group.addTask {
          let parsed = try? ArgumentParser.parse(
            ["a\(index)", "--crf", "\(index)", "b", "-y"], options: Option.of(.render), command: .render)
          return parsed?.operands == ["a\(index)", "b"] && parsed?.given.first?.value == "\(index)"
        }
      }
      for await right in group { #expect(right) }
    }
  }

  @Test func theTableIsSound() {
    for command in CommandName.allCases {
      let names = Option.of(command).map(\.name)
      #expect(Set(names).count == names.count)
      let shorts = Option.of(command).compactMap(\.short)
      #expect(Set(shorts).count == shorts.count)
    }
    for option in Option.all {
      #expect((option.argument == nil) == (option.kind == .flag), "\(option.name)")
      #expect(option.name.allSatisfy { $0.isLowercase || $0 == "-" }, "\(option.name)")
      #expect(!option.help.isEmpty)
    }
  }
}
