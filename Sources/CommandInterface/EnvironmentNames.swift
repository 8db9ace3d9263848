import SluiceBase

/// Variables of the environment that are meant for sluice.
public enum EnvironmentNames {
  /// Beside those of options: where runs lie, and what `docs/debugging.md` tells of.
  private static let others: Set<String> = [
    "SLUICE_RUNTIME_DIR", "SLUICE_CONTAINMENT", "SLUICE_WORKER_STDERR", "SLUICE_KILL_POINT", "SLUICE_POISON",
    "SLUICE_LOSE_MESSAGES", "SLUICE_SOCKET", "SLUICE_TOKEN", "SLUICE_SUPERVISOR", "SLUICE_FILTER", "SLUICE_TIMING",
    "SLUICE_MEDIA",
  ]
  /// Of the tests.
  private static let prefixes = ["SLUICE_TEST_", "SLUICE_FUZZ_", "SLUICE_CHAOS_", "SLUICE_DAMAGE_", "SLUICE_SIMULATION_"]

  /// A line for each name of the environment that looks like an option's and is none.
  public static func complaints(_ names: [String]) -> [String] {
    let options = Option.all.compactMap(\.environmentName)
    let known = others.union(options)
    return names.filter { name in
      name.hasPrefix("SLUICE_") && !known.contains(name) && !prefixes.contains { name.hasPrefix($0) }
    }.sorted().prefix(20).map { name in
      let nearest = NearestName.of(String(name.dropFirst(7)), in: options.map { $0.dropFirst(7).lowercased() })
      let meant = nearest.map { "; did you mean SLUICE_\($0.uppercased())?" } ?? ""
      return "\(name): no variable that is read\(meant)"
    }
  }
}
