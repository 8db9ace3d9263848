import SluiceBase
import TestKit
import Testing

@Suite struct JSONTests {
  @Test func readsJSON5() throws {
    let text = """
      // comment
      { unquoted: 1, 'single': 'it\\'s', "list": [1, 2, 3,], /* more */ $x: +.5, hex: -0xFf, big: 1e3, t: true, n: null,
        s: "a\\
      b\\u00e9\\ud83d\\ude00\\x41" }
      """
    let value = try JSONReader.read(text)
    #expect(value["unquoted"]?.number?.integer == 1)
    #expect(value["single"]?.string == "it's")
    #expect(value["list"]?.array?.count == 3)
    #expect(value["$x"]?.number?.fraction.map { "\($0.num)/\($0.den)" } == "5/10")
    #expect(value["hex"]?.number?.integer == -255)
    #expect(value["big"]?.number?.integer == 1000)
    #expect(value["t"]?.bool == true)
    #expect(value["n"]?.isNull == true)
    #expect(value["s"]?.string == "abé😀A")
  }

  @Test(arguments: [
    ("", "1:1: is empty; expected a JSON value"),
    ("{\n  \"a\": 1\n  \"b\": 2\n}", "3:3: unexpected \"\"\" where \",\" or \"}\" is expected"),
    ("{\"a\": }", "1:7: unexpected \"}\" where a value is expected"),
    ("{\"a\"", "1:5: unexpected end of the text where \":\" is expected"),
    ("[1, 2", "1:1: this \"[\" is never closed"),
    ("{\"é\": tru}", "1:7: unexpected \"tru\"; a text needs quotes"),
    ("[01]", "1:2: a number does not start with 0"),
    ("[1.2.3]", "1:5: unexpected \".\" in a number; a text needs quotes"),
    ("[12px]", "1:4: unexpected \"p\" in a number; a text needs quotes"),
    ("\"abc", "1:1: this text's quote is never closed"),
    ("\"a\nb\"", "1:1: this text's quote is never closed"),
    ("{a:1,a:2}", "1:6: the key \"a\" stands twice in this object"),
    ("1 2", "1:3: unexpected \"2\" behind the end of the value"),
    ("/* x", "1:1: this comment is never closed"),
    ("\"\\ud800\"", "1:2: half of a surrogate pair"),
    ("\"\\u12\"", "1:2: an escape needs 4 hexadecimal digits"),
    ("[1e]", "1:2: the exponent has no digits"),
  ])
  func namesThePlaceOfASyntaxError(_ text: String, _ message: String) {
    #expect { try JSONReader.read(text) } throws: { "\($0)" == message }
  }

  @Test func deepNestingIsAnErrorAndNotACrash() {
    let text = String(repeating: "[", count: 1_000_000)
    #expect { try JSONReader.read(text) } throws: { "\($0)" == "1:65: nested deeper than 64 levels" }
    #expect(throws: JSONError.self) { try JSONReader.read(String(repeating: "{a:", count: 1_000_000)) }
  }

  @Test func invalidUTF8IsAnError() {
    #expect { try JSONReader.read([0x22, 0xff, 0x22]) } throws: { "\($0)" == "1:1: this text is not valid UTF-8" }
  }

  @Test(arguments: [
    "1e400", "-1e-400", "1e99999999999999999999", "Infinity", "-NaN", String(repeating: "9", count: 100),
    "0x" + String(repeating: "f", count: 40),
  ])
  func hugeNumbersHaveNoFraction(_ text: String) throws {
    #expect(try JSONReader.read(text).number?.fraction == nil)
  }

  @Test func numbersAreExact() throws {
    for (text, num, den) in [
      ("0.1", 1, 10), ("12.50", 125, 10), ("1e-3", 1, 1000), ("1200e-2", 12, 1), ("0e999999", 0, 1), ("2.5e1", 25, 1),
    ] {
      let fraction = try JSONReader.read(text).number?.fraction
      #expect(fraction?.num == Int128(num) && fraction?.den == Int128(den), "\(text)")
    }
  }

  @Test func whatIsWrittenReadsBack() throws {
    var random = TestRandom(4)
    for _ in 0..<3000 {
      let value = randomValue(&random, depth: 0)
      #expect(try JSONReader.read(value.line) == value)
      #expect(try JSONReader.read(value.pretty) == value)
      #expect(!value.line.utf8.contains(0x0a))
    }
  }

  private func randomValue(_ random: inout TestRandom, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 4 ? 4 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(random.chance(50))
    case 2: return .number(Int64.random(in: .min ... .max, using: &random))
    case 3:
      return .string(
        String(
          String.UnicodeScalarView(
            (0..<Int.random(in: 0..<12, using: &random)).map { _ in
              UnicodeScalar(UInt32.random(in: 0..<0x2ff, using: &random)) ?? " "
            })))
    case 4: return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in randomValue(&random, depth: depth + 1) })
    default:
      return .object(
        (0..<Int.random(in: 0..<5, using: &random)).map { JSONMember("k\($0)\"\n", randomValue(&random, depth: depth + 1)) })
    }
  }
}
