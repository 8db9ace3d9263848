import CSluice
import Foundation
import Testing

/// Work that ends whoever does it: named, and with `--on-error hold` got over.
struct PoisonTests {
  private func box() throws -> Sandbox {
    let box = try Sandbox()
    try box.write(
      "p.json5",
      """
      { canvas: { width: 320, height: 180, fps: 24 },
        sources: { a: "\(Clips.bframes)", b: "\(Clips.mandelbrot)", c: "\(Clips.thirty)" },
        tracks: [
          { kind: "video", clips: [ { source: "a", at: 0, duration: 2 } ] },
          { kind: "video", clips: [ { source: "b", at: 0, duration: 2, place: { x: 0, y: 0, width: 100, height: 90 } } ] },
          { kind: "video", clips: [ { source: "c", at: 0, duration: 2, place: { x: 100, y: 0, width: 100, height: 90 } } ] } ] }
      """)
    return box
  }

  @Test func aFileThatEndsItsDecodersIsNamed() throws {
    let box = try box()
    let run = try box.sluice(
      ["render", "p.json5", "-o", "out.mkv", "--decoders", "1", "--progress", "none"],
      environment: ["SLUICE_POISON": "decoder:30:mandelbrot.mp4"])
    #expect(run.status == 65, "\(run.errors)")
    let last = run.errors.split(separator: "\n").last ?? ""
    #expect(last.contains("mandelbrot.mp4, at 00:00:01.2") && last.contains("3 times in a row"), "\(run.errors)")
    #expect(!last.contains("bframes") && !last.contains("thirty"))
    #expect(!box.exists("out.mkv"))
    box.expectNothingLeft()
  }

  @Test func aFileThatEndsItsDecodersIsHeld() throws {
    let box = try box()
    let run = try box.sluice(
      ["render", "p.json5", "-o", "out.y4m", "--on-error", "hold", "--decoders", "1", "--progress", "none"],
      environment: ["SLUICE_POISON": "decoder:30:mandelbrot.mp4"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("mandelbrot.mp4, at 00:00:01.2"), "\(run.errors)")
    #expect(run.errors.contains("the last good picture is held"))
    let frames = Y4M(try box.data("out.y4m")).frames
    #expect(frames.count == 48)
    try box.render(["render", "p.json5", "-o", "whole.y4m"])
    let whole = Y4M(try box.data("whole.y4m")).frames
    #expect(frames.prefix(25).elementsEqual(whole.prefix(25)))
    // The corner of the others goes on moving.
    #expect(frames[47] != frames[46] && frames[47] != whole[47])
    box.expectNothingLeft()
  }

  @Test func aFrameThatEndsItsRenderersIsNamed() throws {
    let box = try box()
    let run = try box.sluice(
      ["render", "p.json5", "-o", "out.mkv", "--progress", "none"], environment: ["SLUICE_POISON": "renderer:30:"])
    #expect(run.status == 70, "\(run.errors)")
    let last = run.errors.split(separator: "\n").last ?? ""
    #expect(last.contains("output frame 30, at 00:00:01.250") && last.contains("bframes.mp4"), "\(run.errors)")
    box.expectNothingLeft()
  }

  @Test(arguments: ["out.y4m", "-"])
  func aFrameThatEndsItsRenderersIsHeld(_ output: String) throws {
    let box = try box()
    let run = try box.sluice(
      ["render", "p.json5", "-o", output, "--format", "y4m", "--on-error", "hold", "--progress", "none"],
      environment: ["SLUICE_POISON": "renderer:30:"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("output frame 30, at 00:00:01.250"), "\(run.errors)")
    let frames = Y4M(output == "-" ? run.out : try box.data(output)).frames
    try box.render(["render", "p.json5", "-o", "whole.y4m"])
    var wanted = Y4M(try box.data("whole.y4m")).frames
    wanted[30] = wanted[29]
    let same = frames == wanted
    #expect(same)
    box.expectNothingLeft()
  }
}
