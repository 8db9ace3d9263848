import FrameModel
import SluiceBase
import Testing

@testable import Plan
@testable import Timeline

@Suite struct SoundRobustnessTests {
  private static let head = "{canvas:{width:64,height:64,fps:25},sources:{m:'m.wav'},"
  private static let media = table(sounding("/p/m.wav", duration: Rational(10), pictures: false))

  private static func plan(_ rest: String) throws -> CompiledPlan {
    let project = try ProjectReader.read(text: head + rest + "}", path: "/p/x.json")
    var settings = project.output.settings()
    (settings.sound, settings.codec) = (SoundSettings(), "")
    return try PlanCompiler.compile(project, media: media, settings: settings)
  }

  @Test(arguments: [(1.0 / 8, true), (16, true), (0.05, false), (20, false), (-0.02, false)] as [(Double, Bool)])
  func thePitchIsKeptInItsRangeOnly(_ speed: Double, _ isKept: Bool) throws {
    let start = speed < 0 ? 5 : 0
    let plan = try Self.plan("tracks:[{kind:'audio',clips:[{source:'m',in:\(start),duration:0.1,speed:\(speed)}]}]")
    #expect(plan.withView { $0.sound }?.clips.map(\.preservesPitch) == [isKept])
    #expect(plan.warnings.count == (isKept ? 0 : 1))
    if !isKept { #expect(plan.warnings.first?.hasPrefix("/p/x.json: tracks[0].clips[0]: its pitch moves") == true) }
  }

  @Test(arguments: [0.001, 1000, 0.0000001]) func whatIsTooSlowOrTooFastIsSilent(_ speed: Double) throws {
    let plan = try Self.plan(
      "tracks:[{kind:'audio',clips:[{source:'m',duration:1},{source:'m',at:1,duration:1,beyond:'loop',speed:\(speed)}]}]")
    let sound = try #require(plan.withView { $0.sound })
    #expect(sound.clips.count == 1 && sound.frames == 96000)
    #expect(plan.warnings.count == 1 && plan.warnings[0].hasPrefix("/p/x.json: tracks[0].clips[1]: its sound is silent"))
  }

  @Test func chainsOfSoundAreAskedForOnceWithTheirPlace() throws {
    let project = try ProjectReader.read(
      text: Self.head
        + "tracks:[{kind:'audio',effects:[{limiter:{}},{avfilter:'alimiter'}],"
        + "clips:[{source:'m',effects:[{avfilter:'aecho'}]},{source:'m',at:10,effects:[{avfilter:'aecho'}]}]}]}",
      path: "/p/x.json")
    let keys = project.sourcePaths().compactMap { SoundEffectKey($0) }
    #expect(keys.map(\.chain) == ["alimiter", "aecho"])
    #expect(keys.map(\.place) == ["/p/x.json: tracks[0].effects[1]", "/p/x.json: tracks[0].clips[0].effects[0]"])
    #expect(keys.allSatisfy { $0.sampleRate == project.sampleRate && $0.channels == 2 })
    #expect(project.sourcePaths(sound: false).compactMap { SoundEffectKey($0) }.isEmpty)
  }

  @Test func aMutedSoloSilencesTheOthersToo() throws {
    let project = try ProjectReader.read(
      text: Self.head
        + "tracks:[{kind:'audio',solo:true,mute:true,clips:[{source:'m'}]},{kind:'audio',clips:[{source:'m'}]}]}",
      path: "/p/x.json")
    #expect(project.heardTracks.isEmpty)
  }
}
