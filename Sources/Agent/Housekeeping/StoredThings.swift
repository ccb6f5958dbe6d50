// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// The places of stored things on this head. What is there under any other name is not ours, and never listed.
enum StoredThings {
  /// Where the agent's programs are: `SSHProgram.agentFolder`.
  static let agents = "/usr/lib/cluster"
  static let builds = "/var/cache/cluster/build"

  static func path(_ id: Stored.Name) throws(AgentError) -> String {
    guard isOurs(id) else {
      throw AgentError(
        .invalid, "\(id.name) is no name of a stored \(id.sort.one)", next: "Report this as a bug of cluster.")
    }
    return switch id.sort {
    case .image: "\(ImageStore.root)/\(id.name)"
    case .packages: "\(PackageLayer.folder)/\(id.name).tar.zst"
    case .build: "\(builds)/\(id.name)"
    case .agent: "\(agents)/agent-\(id.name)"
    }
  }

  static func all() throws(AgentError) -> [Stored] {
    let running = try runningPrograms()
    var ids: [Stored.Name] = []
    for image in try LocalFiles.names(in: ImageStore.root) {
      for digest in try LocalFiles.names(in: "\(ImageStore.root)/\(image)") {
        ids.append(.init(.image, "\(image)/\(digest)"))
      }
    }
    for name in try LocalFiles.names(in: PackageLayer.folder) where name.hasSuffix(".tar.zst") {
      ids.append(.init(.packages, String(name.dropLast(".tar.zst".count))))
    }
    for name in try LocalFiles.names(in: builds) { ids.append(.init(.build, name)) }
    for name in try LocalFiles.names(in: agents) where name.hasPrefix("agent-") {
      ids.append(.init(.agent, String(name.dropFirst("agent-".count))))
    }
    let now = Int(time(nil))
    var things: [Stored] = []
    for id in ids where isOurs(id) {
      let path = try path(id)
      // Another process may have taken it away meanwhile.
      guard let facts = try LocalFiles.facts(path) else { continue }
      things.append(
        Stored(
          id, bytes: try size(id, path, facts), age: max(0, now - facts.st_mtim.tv_sec),
          isRunning: id.sort == .agent && running.contains(path)))
    }
    return things
  }

  /// A build's root is a whole system, and not worth the walk.
  private static func size(_ id: Stored.Name, _ path: String, _ facts: stat) throws(AgentError) -> Int {
    switch id.sort {
    case .build: return 0
    case .packages, .agent: return Int(facts.st_size)
    case .image:
      var bytes = 0
      for name in try LocalFiles.names(in: path) { bytes += try LocalFiles.size("\(path)/\(name)") ?? 0 }
      return bytes
    }
  }

  /// Programs of running processes, this one's among them. One that has ended meanwhile runs nothing.
  private static func runningPrograms() throws(AgentError) -> Set<String> {
    var programs: Set<String> = [try FileSystem.linkTarget("/proc/self/exe")]
    for name in try LocalFiles.names(in: "/proc") where name.allSatisfy(\.isNumber) {
      if let program = try? FileSystem.linkTarget("/proc/\(name)/exe") { programs.insert(program) }
    }
    return programs
  }

  /// Names as this program gives them, so that no other path can be meant.
  private static func isOurs(_ id: Stored.Name) -> Bool {
    func isDigest(_ text: some StringProtocol) -> Bool {
      text.utf8.count == 16 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
    func isLabel(_ text: some StringProtocol) -> Bool {
      !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) || $0 == 45 }
    }
    switch id.sort {
    case .packages, .agent: return isDigest(id.name)
    case .image:
      let parts = id.name.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 2 && isLabel(parts[0]) && isDigest(parts[1])
    case .build:
      guard let hyphen = id.name.lastIndex(of: "-") else { return false }
      return isLabel(id.name[..<hyphen]) && isDigest(id.name[id.name.index(after: hyphen)...])
    }
  }
}

extension StoredProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [Stored] { try StoredThings.all() }
}

extension EnsureLeftoversAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    // It may have booted since this was planned.
    let running = Set(try BootLog.reports().flatMap(\.images))
    let there = Dictionary(try StoredThings.all().map { ($0.id, $0) }) { first, _ in first }
    var (removed, stays): (Int, [String]) = (0, [])
    for item in items {
      let path = try StoredThings.path(item.id)
      guard let thing = there[item.id] else { continue }
      if thing.isRunning || item.id.sort == .image && running.contains(item.id.name) {
        stays.append("\(item.id.name) is in use")
        continue
      }
      context.progress("removing \(path)")
      // Not complete from the first moment on: nobody may boot from half an image.
      if item.id.sort == .image {
        try LocalFiles.remove("\(path)/boot.ipxe")
        try await dropRoot(item.id)
      }
      try await ImageStore.remove(path)
      removed += 1
    }
    let rest = stays.isEmpty ? "" : "; " + stays.joined(separator: ", ")
    return Outcome(changed: removed > 0, detail: "removed \(removed) of \(items.count)\(rest)")
  }
}

extension EnsureLeftoversAbsent {
  /// Ends the export of an image over NFS, where this head has any: no node runs from it.
  private func dropRoot(_ id: Stored.Name) async throws(AgentError) {
    guard try LocalFiles.exists(NFSRoots.program) else { return }
    try await Command.checked(
      NFSRoots.program, ["drop", id.name], deadline: .seconds(60),
      next: "Find out what uses \(WellKnown.nfsRoots)/\(id.name) on this head.")
  }
}
