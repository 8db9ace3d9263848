/// Workers that have said that they are ready, by what they do; those that filter and those of sound are kept where their work is.
struct Roster: Sendable {
  var decoders: [Int] = []
  var renderers: [Int] = []
  var encoders: [Int] = []
  /// Workers that get nothing new, and those of them that were told to go.
  private(set) var leaving: Set<Int> = []
  private var dismissed: Set<Int> = []

  func contains(_ worker: Int) -> Bool { decoders.contains(worker) || renderers.contains(worker) || encoders.contains(worker) }
  func isLeaving(_ worker: Int) -> Bool { leaving.contains(worker) }

  /// Those that take new work.
  var stayingDecoders: [Int] { decoders.filter { !leaving.contains($0) } }
  var stayingRenderers: [Int] { renderers.filter { !leaving.contains($0) } }

  /// False when it was leaving already.
  mutating func leave(_ worker: Int) -> Bool { leaving.insert(worker).inserted }

  /// One that is to go has nothing to do any more. False when it was told so already.
  mutating func dismiss(_ worker: Int) -> Bool { dismissed.insert(worker).inserted }

  /// It has ended. True when it was to go.
  mutating func remove(_ worker: Int) -> Bool {
    dismissed.remove(worker)
    decoders.removeAll { $0 == worker }
    renderers.removeAll { $0 == worker }
    encoders.removeAll { $0 == worker }
    return leaving.remove(worker) != nil
  }
}
