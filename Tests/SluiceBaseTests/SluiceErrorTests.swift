import SluiceBase
import Testing

@Suite struct SluiceErrorTests {
  @Test func goesThroughJSONUnchanged() throws {
    let error = SluiceError(.noInput, "no such file", at: "/a \"b\".mp4", advice: "check the path")
    let line = JSONValue.object(error.jsonMembers).line
    #expect(line == #"{"code": 66, "what": "no such file", "place": "/a \"b\".mp4", "advice": "check the path"}"#)
    let read = SluiceError(json: try JSONReader.read(line), code: .software, what: "refused")
    #expect(read.code == error.code && read.what == error.what && read.place == error.place && read.advice == error.advice)
  }

  @Test(arguments: ["{}", "[]", "{\"code\": 1e30}", "{\"code\": 4294967362}", "{\"code\": \"66\", \"what\": 1}"])
  func whatAnAnswerDoesNotSayIsTheReaders(_ text: String) throws {
    let error = SluiceError(json: try JSONReader.read(text), code: .badInput, what: "cannot be read")
    #expect(error.code == .badInput && error.what == "cannot be read" && error.place.isEmpty && error.advice.isEmpty)
  }

  @Test func isOneLineWhateverItsTextsHold() {
    let error = SluiceError(.badInput, "bad\nthing", at: "a\u{1b}[31m", advice: "\u{202e}x")
    #expect(error.description == "a\\u{1b}[31m: bad\\nthing; \\u{202e}x")
  }
}
