// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Answers that one question gives for many probes at once: systemctl(1) and dpkg-query(1) take longer to start than to
/// answer.
struct SharedFacts: Sendable {
  /// Names that are asked for together.
  struct Subjects {
    var units: Set<String> = []
    /// Files and folders that units read.
    var paths: Set<String> = []
    var packages: Set<String> = []

    var isEmpty: Bool { units.isEmpty && paths.isEmpty && packages.isEmpty }

    mutating func formUnion(_ other: Subjects) {
      units.formUnion(other.units)
      paths.formUnion(other.paths)
      packages.formUnion(other.packages)
    }
  }

  private var units: [String: UnitProperties] = [:]
  /// Versions of the installed ones among `packages`.
  private var versions: [String: String] = [:]
  private var packages: Set<String> = []
  /// When what several units read last changed: many read the same folders.
  private var changes: [String: Int64] = [:]

  /// Asks for all that the probes have in common. What cannot be told for all at once, because one name spoils it, is
  /// left out: then each probe asks for itself, and only the one at fault fails.
  static func gather(_ subjects: Subjects) async -> SharedFacts {
    let (names, packages, paths) = (subjects.units, subjects.packages, subjects.paths)
    async let units = names.isEmpty ? nil : try? UnitProperties.read(names.sorted())
    async let versions = packages.isEmpty ? nil : try? Agent.versions(packages.sorted())
    var facts = SharedFacts()
    for path in paths { facts.changes[path] = try? LoadedConfiguration.changed(path) }
    facts.units = await units ?? [:]
    if let known = await versions { (facts.versions, facts.packages) = (known, packages) }
    return facts
  }

  func unit(_ name: String) async throws(AgentError) -> UnitProperties {
    if let unit = units[name] { return unit }
    return try await UnitProperties.read(name)
  }

  func changed(_ path: String) throws(AgentError) -> Int64 {
    if let changed = changes[path] { return changed }
    return try LoadedConfiguration.changed(path)
  }

  func versions(_ names: [String]) async throws(AgentError) -> [String: String] {
    if packages.isSuperset(of: names) { return versions.filter { names.contains($0.key) } }
    return try await Agent.versions(names)
  }
}
