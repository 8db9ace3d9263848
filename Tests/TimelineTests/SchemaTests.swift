import Foundation
import FrameModel
import SluiceBase
import SystemBase
import Testing

@testable import Plan
@testable import Timeline

/// docs/project.schema.json says what the reader does.
@Suite struct SchemaTests {
  private let schema: JSONSchema

  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let path = root.appendingPathComponent("docs/project.schema.json").path
    schema = JSONSchema(root: try JSONReader.read(try System.readFile(path)))
  }

  private func definition(_ name: String) throws -> JSONValue {
    name.isEmpty ? schema.root : try #require(schema.root["$defs"]?[name], "\(name)")
  }

  @Test func theKeysAreThoseOfTheReader() throws {
    func check(_ name: String, _ keys: [String]) throws {
      let definition = try definition(name)
      #expect(definition["properties"]?.object?.map(\.key).sorted() == keys.sorted(), "\(name)")
      #expect(definition["additionalProperties"] == .bool(false), "\(name)")
    }
    try check("", ProjectParser.keys)
    try check("timeline", ProjectParser.inlineKeys)
    try check("canvas", CanvasParser.keys)
    try check("nestedCanvas", CanvasParser.keys)
    try check("output", ProjectParser.outputKeys)
    try check("audioOutput", AudioOutputParser.keys)
    try check("videoTrack", TrackParser.keys)
    try check("audioTrack", TrackParser.audioKeys)
    try check("audioClip", ClipParser.audioKeys)
    try check("clipSound", SoundParser.clipKeys)
    try check("trackSound", SoundParser.trackKeys)
    try check("fadeCurve", SoundParser.fadeKeys)
    for name in ["biquad", "delay", "compressor", "limiter"] {
      try check("\(name)Effect", [name])
      let inner = try definition("\(name)Effect")["properties"]?[name]?["properties"]?.object?.map(\.key).sorted()
      #expect(inner == (SoundParameter.of(name).map(\.name) + (name == "biquad" ? ["type"] : [])).sorted())
    }
    try check("subtitleTrack", TrackParser.subtitleKeys)
    try check("videoClip", ClipParser.keys)
    try check("place", ClipParser.placeKeys)
    try check("crop", ClipParser.cropKeys)
    try check("filterEffect", ["avfilter", "parameters"])
    try check("workerEffect", EffectParser.workerKeys)
    #expect(Set(EffectParser.effectKeys) == Set(EffectParser.workerKeys + ["avfilter", "lut"]))
    try check("lutEffect", ["lut"])
    try check("transition", EffectParser.transitionKeys)
    try check("keyframes", FieldReader.animationKeys)
    try check("keyframe", FieldReader.keyframeKeys)
    try check("grid", GridParser.keys)
    try check("labels", GridParser.labelKeys)
    try check("scroll", GridParser.scrollKeys)
    try check("reveal", GridParser.revealKeys)
    for kind in SourceParser.Kind.allCases { try check("\(kind.rawValue)Source", kind.keys) }
    let named = try #require(schema.root["$defs"]?["source"]?["oneOf"]?.array)
    #expect(named.count == SourceParser.Kind.allCases.count + 1)
  }

  @Test func theValuesAreThoseOfTheReader() throws {
    func check<T: CaseIterable & RawRepresentable>(_ type: T.Type, _ name: String, _ key: String) throws
    where T.RawValue == String {
      let values = try definition(name)["properties"]?[key]?["enum"]?.array?.compactMap(\.string)
      #expect(values?.sorted() == T.allCases.map(\.rawValue).sorted(), "\(name).\(key)")
    }
    for canvas in ["canvas", "nestedCanvas"] {
      try check(CanvasColor.self, canvas, "color")
      try check(CanvasRange.self, canvas, "range")
    }
    try check(Fit.self, "place", "fit")
    try check(Fit.self, "grid", "fit")
    try check(Project.Grid.Order.self, "grid", "order")
    try check(Project.Beyond.self, "grid", "beyond")
    try check(Project.Beyond.self, "videoClip", "beyond")
    try check(Project.Blend.self, "videoClip", "blend")
    try check(TitleKey.Align.self, "textSource", "align")
    try check(TitleKey.Vertical.self, "textSource", "verticalAlign")
    try check(EffectParser.TransitionKind.self, "transition", "kind")
    try check(Direction.self, "transition", "direction")
    try check(Project.Grid.Direction.self, "scroll", "direction")
    let eases = try definition("keyframe")["properties"]?["ease"]?["oneOf"]?.array?.first?["enum"]?.array?.compactMap(\.string)
    #expect(eases == Ease.named.map(\.name))
  }

  @Test func whatTheWriterWritesIsValid() throws {
    var generator = ProjectGenerator(seed: 70)
    for _ in 0..<60 {
      let complaints = schema.complaints(about: try JSONReader.read(ProjectWriter.json(generator.project())))
      #expect(complaints == [])
    }
    #expect(schema.complaints(about: try JSONReader.read(ProjectReaderTests.whole)) == [])
  }

  @Test(arguments: [
    "{}", "{tracks:[{}]}", "{tracks:[],canvas:{width:64}}", "{tracks:[],canvas:{depth:9}}", "{tracks:[],sources:{a:{}}}",
    "{tracks:[],sources:{a:{color:'#000000',lavfi:'x'}}}", "{tracks:[],sources:{a:{sequence:'a%d%d'}}}",
    "{tracks:[],sources:{a:'x',g:{grid:{sources:['a'],visible:2}}}}", "{sources:{a:'a'},tracks:[{clips:[{source:'a',at:-1}]}]}",
    "{sources:{a:'a'},tracks:[{clips:[{source:'a',opacity:{keys:[]}}]}]}",
    "{sources:{a:'a'},tracks:[{clips:[{source:'a',speed:1001}]}]}",
    "{sources:{a:'a'},tracks:[{clips:[{source:'a',transition:{kind:'wipe'}}]}]}",
    "{sources:{a:'a'},tracks:[{clips:[{source:'a',effects:[{lut:'a',avfilter:'b'}]}]}]}",
    "{tracks:[{kind:'subtitles',clips:[]}]}",
  ])
  func whatTheReaderRefusesTheSchemaRefuses(_ text: String) throws {
    #expect(!errorLines(text).isEmpty)
    #expect(!schema.complaints(about: try JSONReader.read(text)).isEmpty)
  }
}
