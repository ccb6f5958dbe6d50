// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsurePackages: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try Agent.checkNames(goal)
    let lock = try await PackageLock.taken(context)
    defer { withExtendedLifetime(lock) {} }
    try DaemonStarts.allow()
    let present = try await InstalledPackages.versions(goal)
    let missing = Set(goal).subtracting(present.keys).sorted()
    if missing.isEmpty { return Outcome(changed: false, detail: "all \(goal.count) installed already") }
    let fresh = try PackageLists.isOld()
    if fresh { try await PackageLists.update(context.progress) }
    let before = try InstalledPackages.ours()
    // Before they are installed, so that a crash does not leave packages that nobody removes.
    try InstalledPackages.record(before.union(missing))
    do throws(AgentError) {
      try await Self.install(missing, listsAreFresh: fresh, context)
    } catch {
      let installed = Set((try? await InstalledPackages.versions(missing))?.keys ?? [:].keys)
      try InstalledPackages.record(before.union(installed))
      throw error
    }
    let now = try await InstalledPackages.versions(missing)
    guard let failed = missing.first(where: { now[$0] == nil }) else {
      return Outcome(
        changed: true, detail: "installed " + missing.map { "\($0) \(now[$0] ?? "")" }.joined(separator: ", "))
    }
    throw AgentError(
      .notFound, "\(failed) is not a package of its own", next: "Name the package that provides \(failed).")
  }

  private static func install(
    _ names: [String], listsAreFresh: Bool, _ context: OperationContext
  ) async throws(AgentError) {
    try DaemonStarts.forbid()
    var problem: AgentError?
    do throws(AgentError) {
      context.progress("installing \(names.joined(separator: " "))")
      do throws(AgentError) {
        try await APT.install(names, context.progress)
      } catch {
        // The lists may be too old to know it, or the version that they name.
        guard !listsAreFresh, error.code == .notFound || error.code == .packageSource else { throw error }
        try await PackageLists.update(context.progress)
        try await APT.install(names, context.progress)
      }
    } catch { problem = error }
    try DaemonStarts.allow()
    if let problem { throw problem }
  }
}

extension EnsurePackagesAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try Agent.checkNames(goal)
    let lock = try await PackageLock.taken(context)
    defer { withExtendedLifetime(lock) {} }
    let ours = try InstalledPackages.ours()
    let removable = Array(try await InstalledPackages.versions(goal.filter(ours.contains)).keys).sorted()
    if !removable.isEmpty {
      let along = try await APT.removedAlong(removable).subtracting(removable)
      guard along.isEmpty else {
        throw AgentError(
          .conflict,
          "Removing \(removable.joined(separator: ", ")) would also remove \(along.sorted().joined(separator: ", "))",
          next: "Keep it in the spec, or remove the others yourself first.")
      }
      try await APT.remove(removable, context.progress)
    }
    try InstalledPackages.record(ours.subtracting(goal))
    let detail = removable.isEmpty ? "none of them is ours to remove" : "removed \(removable.joined(separator: ", "))"
    return Outcome(changed: !removable.isEmpty, detail: detail)
  }
}

/// dpkg serves one at a time; others wait here rather than fail there.
private enum PackageLock {
  static func taken(_ context: OperationContext) async throws(AgentError) -> Held {
    let lock = try await poll(until: .seconds(18 * 60), every: .milliseconds(200)) { () throws(AgentError) -> Held? in
      guard let lock = try FileLock("/var/lib/cluster/packages.lock") else { return nil }
      return Held(lock)
    }
    if let lock { return lock }
    throw AgentError(
      .deadline, "Another installation on this host does not end", next: "Check `ps ax | grep apt` on the host.")
  }

  /// Keeps the lock over suspensions.
  final class Held: Sendable {
    private let lock: FileLock
    init(_ lock: consuming FileLock) { self.lock = lock }
  }
}

/// Keeps packages from starting their daemons with a configuration that is not ours yet: invoke-rc.d(8), policy-rc.d.
enum DaemonStarts {
  private static let path = "/usr/sbin/policy-rc.d"
  private static let kept = "/usr/sbin/policy-rc.d.cluster-kept"
  private static let script = """
    #!/bin/sh
    # Written by cluster while it installs packages: none of their daemons starts. It is removed afterwards.
    exit 101

    """

  static func forbid() throws(AgentError) {
    try allow()
    if try FileSystem.entry(path) != nil { try FileSystem.move(path, to: kept) }
    try FileSystem.write(Array(script.utf8), to: path, mode: 0o755)
  }

  /// Takes ours away, also one that a crash left, and puts back what was there.
  static func allow() throws(AgentError) {
    if try FileSystem.entry(path)?.kind == .file, try FileSystem.text(path) == script { try FileSystem.remove(path) }
    if try FileSystem.entry(kept) != nil, try FileSystem.entry(path) == nil { try FileSystem.move(kept, to: path) }
  }
}
