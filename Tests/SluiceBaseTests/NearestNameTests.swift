import SluiceBase
import TestKit
import Testing

@Suite struct NearestNameTests {
  @Test func findsTheNameOneSlipAway() {
    let names = ["source", "width", "height", "opacity", "duration", "place", "enabled"]
    var random = TestRandom(3)
    for _ in 0..<5000 {
      let name = names.randomElement(using: &random) ?? ""
      var letters = Array(name)
      let at = Int.random(in: 0..<letters.count - 1, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: letters.remove(at: at)
      case 1: letters.insert("q", at: at)
      case 2: letters[at] = "q"
      default: letters.swapAt(at, at + 1)
      }
      #expect(NearestName.of(String(letters), in: names) == name)
    }
  }

  @Test func findsTheNameThatAWordBegins() {
    #expect(NearestName.of("dur", in: ["width", "duration"]) == "duration")
    #expect(NearestName.of("DURA", in: ["width", "Duration"]) == "Duration")
    #expect(NearestName.of("width", in: ["widths", "width"]) == "width")
  }

  @Test func offersNothingFarAway() {
    #expect(NearestName.of("", in: ["a"]) == nil)
    #expect(NearestName.of("zzzzzz", in: ["width", "x"]) == nil)
    #expect(NearestName.advice(for: "zzzzzz", among: ["width", "x"], what: "keys") == "known keys: width, x")
    #expect(NearestName.advice(for: "a", among: [], what: "sources") == "there are no sources")
  }
}
