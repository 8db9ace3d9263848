import FrameModel
import SluiceBase
import Testing

@testable import Plan
@testable import Timeline

@Suite struct ProjectWriterTests {
  @Test func whatTheWriterWritesTheReaderReadsBackOverTheWholeModel() throws {
    var generator = ProjectGenerator(seed: 40)
    for _ in 0..<300 {
      var project = generator.project()
      project.path = "/p/x.json"
      let text = ProjectWriter.json(project)
      let read = try ProjectReader.read(text: text, path: "/p/x.json")
      #expect(read == project, "\(text)")
    }
  }

  @Test func aTimelineWithAFileOfItsOwnIsNamedByIt() throws {
    var nested = Project(canvas: Canvas(width: 64, height: 64))
    nested.path = "/other/b.json"
    var project = Project(canvas: Canvas(width: 64, height: 64))
    project.sources = [.init("b", .timeline(nested))]
    let json = try JSONReader.read(ProjectWriter.json(project))
    #expect(json["sources"]?["b"] == .object(["timeline": .string("/other/b.json")]))
  }
}
