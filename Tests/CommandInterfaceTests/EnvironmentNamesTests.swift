import CommandInterface
import SluiceBase
import SystemBase
import Testing

@Suite struct EnvironmentNamesTests {
  @Test func misspeltVariablesAreToldWithTheNearest() {
    #expect(
      EnvironmentNames.complaints(["SLUICE_MEMROY", "PATH", "SLUICE_MEMORY", "SLUICE_QQQQQQQQ"]) == [
        "SLUICE_MEMROY: no variable that is read; did you mean SLUICE_MEMORY?", "SLUICE_QQQQQQQQ: no variable that is read",
      ])
    #expect(EnvironmentNames.complaints(["SLUICE_PIXELFORMAT"]).first?.hasSuffix("did you mean SLUICE_PIXEL_FORMAT?") == true)
  }

  @Test func whatIsReadIsNotComplainedAbout() {
    let names =
      Option.all.compactMap(\.environmentName) + [
        "SLUICE_RUNTIME_DIR", "SLUICE_KILL_POINT", "SLUICE_TEST_DIRECTORY", "SLUICE_CHAOS_SEED",
      ]
    #expect(EnvironmentNames.complaints(names).isEmpty)
    #expect(System.environmentNames().contains("PATH"))
  }

  @Test func exactTimesOfProjectsAreTimesOfOptionsToo() throws {
    for text in ["0.06666666666666667", "6.7e-2", "00:00:00.067", "1001/30000", "375f"] {
      let parsed = try ArgumentParser.parse(["x.json", "--from", text], options: Option.of(.render), command: .render)
      let settings = try Settings(.render, arguments: parsed, environment: { _ in nil }, file: nil)
      #expect(settings.time(.from) != nil, "\(text)")
    }
  }
}
