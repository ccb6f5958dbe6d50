// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

extension FakeMachine {
  func packages(_ names: [String]) -> [String: String] { installed.filter { names.contains($0.key) } }

  mutating func ensurePackages(_ names: [String]) throws(AgentError) -> Outcome {
    let missing = Set(names).subtracting(installed.keys).sorted()
    if missing.isEmpty { return Outcome(changed: false, detail: "all \(names.count) installed already") }
    if faults.mirrorDown {
      throw AgentError(
        .packageSource, "The package mirror cannot be used", cause: "E: Failed to fetch",
        next: "Check `repositories:` in the spec and /etc/apt on the host; try `apt-get update` there.")
    }
    let unknown = missing.filter { offer($0) == nil }
    if !unknown.isEmpty {
      throw AgentError(
        .notFound, "No package source has \(unknown.joined(separator: ", "))",
        next: "Correct the name, or add the repository that has it to /etc/apt/sources.list.d.")
    }
    try take(1 << 20, for: "the packages")
    for name in missing { unpack(name) }
    ours.formUnion(missing)
    return Outcome(
      changed: true, detail: "installed " + missing.map { "\($0) \(installed[$0] ?? "")" }.joined(separator: ", "))
  }

  mutating func ensurePackagesAbsent(_ names: [String]) throws(AgentError) -> Outcome {
    let removable = Set(names).intersection(ours).intersection(installed.keys).sorted()
    let along = installed.keys.filter { name in
      !removable.contains(name) && offer(name)?.depends.contains(where: removable.contains) == true
    }
    guard along.isEmpty else {
      throw AgentError(
        .conflict,
        "Removing \(removable.joined(separator: ", ")) would also remove \(along.sorted().joined(separator: ", "))",
        next: "Keep it in the spec, or remove the others yourself first.")
    }
    for name in removable {
      installed[name] = nil
      for unit in offer(name)?.units ?? [] { units[unit] = nil }
    }
    ours.subtract(names)
    let detail = removable.isEmpty ? "none of them is ours to remove" : "removed \(removable.joined(separator: ", "))"
    return Outcome(changed: !removable.isEmpty, detail: detail)
  }

  /// Dependencies come along, and are not ours: apt(8) keeps them as automatically installed.
  private mutating func unpack(_ name: String) {
    guard installed[name] == nil, let offer = offer(name) else { return }
    for dependency in offer.depends { unpack(dependency) }
    installed[name] = offer.version
    for unit in offer.units where units[unit] == nil { units[unit] = Unit(enabled: true) }
  }
}

extension PackagesProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> [String: String] { asked.machine.packages(names) }
}
