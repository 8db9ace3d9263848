import Testing

/// A property that every compositor has.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let check: @Sendable (Backend) throws -> Void

  init(_ description: String, _ check: @escaping @Sendable (Backend) throws -> Void) {
    testDescription = description
    self.check = check
  }

  static let all = [
    placing, scaling, blending, blendModes, groups, opaqueGroups, turns, turnedPictures, flight,
  ].flatMap(\.self)
}

@Suite struct CompositorConformance {
  @Test(arguments: ConformanceCase.all, Backend.all)
  func holds(_ property: ConformanceCase, _ backend: Backend) throws { try property.check(backend) }
}
