import CSluice
import Foundation
import Testing

/// The store is as small as the run wants it, and nobody who holds its lock holds up a run.
struct StoreLimitTests {
  private func sandbox() throws -> Sandbox {
    let box = try Sandbox()
    box.keepsSegments = true
    try box.write(
      "p.json5",
      """
      { canvas: { width: 160, height: 90, fps: 24 }, sources: { a: "\(Clips.long)" },
        tracks: [ { kind: "video", clips: [ { source: "a", at: 0, duration: 12, opacity: 0.5 } ] } ] }
      """)
    return box
  }

  private func render(_ name: String) -> [String] { ["render", "p.json5", "-o", name, "--preset", "ultrafast"] }
  private func cache(_ box: Sandbox) -> String { box.runtime + "/c/sluice" }
  private func sizes(_ box: Sandbox) -> [Int] {
    let folder = cache(box) + "/segments/"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map {
      (try? FileManager.default.attributesOfItem(atPath: folder + $0)[.size] as? Int) ?? 0
    }
  }

  @Test func aSmallerLimitHoldsAlsoWhenNothingIsStored() throws {
    let box = try sandbox()
    try box.render(render("a.mp4"))
    let before = sizes(box)
    #expect(before.count == 2)
    let limit = (before.max() ?? 0) + 10
    let again = try box.render(render("b.mp4") + ["--cache-limit", "\(limit)"])
    #expect(again["segments", "reused"] == 2)
    #expect(sizes(box).count == 1)
    // What is new does not fit, and what is there is too much.
    try box.render(render("c.mp4") + ["--cache-limit", "100", "--crf", "30"])
    #expect(sizes(box).isEmpty)
    #expect(try box.data("a.mp4") == box.data("b.mp4"))
  }

  @Test func aHeldLockCostsTheSegments() throws {
    let box = try sandbox()
    try box.render(render("a.mp4"))
    #expect(try box.sluice(["clean", "--cache"]).status == 0)
    let lock = sluice_open(cache(box) + "/lock", O_RDWR | O_CLOEXEC, 0)
    defer { close(lock) }
    try #require(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
    let run = try box.sluice(render("b.mp4") + ["--progress", "none"])
    #expect(run.status == 0)
    box.expectOneLine(run.errors, [cache(box), "locked by another program", "no longer kept"])
    #expect(sizes(box).isEmpty)
    #expect(try box.data("a.mp4") == box.data("b.mp4"))
    let clean = try box.sluice(["clean", "--cache"])
    #expect(clean.status == 75 && clean.errors.contains("is locked by another program"), "\(clean.errors)")
    box.expectNothingLeft()
  }
}
