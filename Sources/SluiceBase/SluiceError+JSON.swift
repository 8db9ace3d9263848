/// How an error goes from one program to another: `{"code": 66, "what": …, "place": …, "advice": …}`.
extension SluiceError {
  public var jsonMembers: [JSONMember] {
    [
      JSONMember("code", .number(code.rawValue)), JSONMember("what", .string(what)), JSONMember("place", .string(place)),
      JSONMember("advice", .string(advice)),
    ]
  }

  /// The error that an object with these members tells, whatever else is in it. Where it does not say them, code and text are
  /// `code` and `what`.
  public init(json: JSONValue, code: ExitCode, what: String) {
    self.init(
      json["code"]?.number?.integer.flatMap(Int32.init(exactly:)).flatMap(ExitCode.init(rawValue:)) ?? code,
      json["what"]?.string ?? what, at: json["place"]?.string ?? "", advice: json["advice"]?.string ?? "")
  }
}
