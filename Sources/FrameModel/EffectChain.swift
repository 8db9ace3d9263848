import SluiceBase

/// Effects on a source's pictures, as a plan and a probe key carry them:
/// `[{"avfilter": "gblur=sigma=4", "parameters": ["sigma"]}, {"lut": "/a.cube"}]`.
public struct EffectChain: Hashable, Sendable {
  public enum Effect: Hashable, Sendable {
    /// A chain of libavfilter with one input and one output; the options of its filters that change over time.
    case avfilter(String, parameters: [String])
    /// Path of a look-up table.
    case lut(String)
  }
  public var effects: [Effect]

  public static let none = EffectChain([])

  public init(_ effects: [Effect]) { self.effects = effects }

  /// An empty text stands for no effects. Returns nil for a text that is not such JSON.
  public init?(json: String) {
    effects = []
    if json.isEmpty { return }
    guard let list = (try? JSONReader.read(json))?.array else { return nil }
    for item in list {
      if let path = item["lut"]?.string {
        effects.append(.lut(path))
      } else if let text = item["avfilter"]?.string {
        var parameters: [String] = []
        if let names = item["parameters"] {
          guard let names = names.array else { return nil }
          parameters = names.compactMap(\.string)
          guard parameters.count == names.count else { return nil }
        }
        effects.append(.avfilter(text, parameters: parameters))
      } else {
        return nil
      }
    }
  }

  public var isEmpty: Bool { effects.isEmpty }

  /// Whether the result of every picture depends on that picture, its time and the parameters alone: see `EffectTraits`.
  public var isStateless: Bool {
    effects.allSatisfy { effect in
      switch effect {
      case .lut: true
      case .avfilter(let text, _): EffectTraits.isStateless(filters: text)
      }
    }
  }

  /// Whether an option of some effect changes over time.
  public var isAnimated: Bool {
    effects.contains { if case .avfilter(_, let parameters) = $0 { !parameters.isEmpty } else { false } }
  }
}
