import Plan

extension [Layer] {
  /// Takes out the pictures of some streams, and adjusts the member counts of the groups that they were in.
  public mutating func remove(streams: Set<Int>) {
    guard !streams.isEmpty else { return }
    var kept: [Layer] = []
    // The groups around the current layer: their index in `kept`, and how many of their members are still to come.
    var open: [(at: Int, left: Int)] = []
    for layer in self {
      while let last = open.last, last.left == 0 { open.removeLast() }
      for index in open.indices { open[index].left -= 1 }
      if streams.contains(layer.stream) {
        for group in open { kept[group.at].addMembers(-1) }
        continue
      }
      kept.append(layer)
      if case .group(_, _, _, let members) = layer.content { open.append((kept.count - 1, members)) }
    }
    self = kept
  }
}

extension Layer {
  fileprivate mutating func addMembers(_ count: Int) {
    guard case .group(let width, let height, let background, let members) = content else { return }
    content = .group(width: width, height: height, background: background, members: members + count)
  }
}
