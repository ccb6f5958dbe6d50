// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Wings

extension PackagesProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects(packages: Set(names)) }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [String: String] {
    try await context.facts.versions(names)
  }
}

extension Agent {
  static func versions(_ names: [String]) async throws(AgentError) -> [String: String] {
    try checkNames(names)
    return try await InstalledPackages.versions(names)
  }

  /// Debian Policy 5.6.1. Nothing that apt-get(8) would take for an option, a pattern or a wish to remove.
  static func checkNames(_ names: [String]) throws(AgentError) {
    for name in names {
      let fit = name.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || "+-.".utf8.contains(byte)
      }
      guard fit, name.utf8.count >= 2, let first = name.utf8.first, !"+-.".utf8.contains(first), name.last != "-",
        name.last != "+" || name.hasSuffix("++")
      else {
        throw AgentError(
          .invalid, "\"\(name)\" is not a package's name", next: "Use the name that `apt-cache search` shows.")
      }
    }
  }
}

/// The packages that `cluster` installed, and so may remove: `/var/lib/cluster/packages.json`.
enum InstalledPackages {
  private static let path = "/var/lib/cluster/packages.json"

  static func ours() throws(AgentError) -> Set<String> {
    guard let bytes = try FileSystem.contents(path) else { return [] }
    do { return Set(try JSONDecoder().decode([String].self, from: Data(bytes))) } catch {
      throw AgentError(
        .invalid, "\(path) cannot be understood", cause: "\(error)",
        next: "Replace it by a JSON list of the packages that cluster may remove, or by [].")
    }
  }

  static func record(_ names: Set<String>) throws(AgentError) {
    let bytes: Data
    do { bytes = try JSONEncoder().encode(names.sorted()) } catch {
      throw AgentError(.invalid, "The installed packages cannot be recorded", cause: "\(error)", next: "Try again.")
    }
    try FileSystem.makeFolder(FileSystem.parent(path))
    try FileSystem.write(Array(bytes), to: path)
  }

  /// Versions of those that are installed.
  static func versions(_ names: [String]) async throws(AgentError) -> [String: String] {
    if names.isEmpty { return [:] }
    // It fails when one of them is unknown, and tells of the others all the same.
    let result = try await Command.run(
      "dpkg-query", ["--show", "--showformat=${Package}\t${db:Status-Status}\t${Version}\n", "--"] + names)
    guard result.status <= 1 else {
      throw AgentError(
        .commandFailed, "dpkg-query failed", cause: result.lastLines, next: "Check `dpkg --audit` on the host.")
    }
    var versions: [String: String] = [:]
    for line in result.text.split(separator: "\n") {
      let parts = line.split(separator: "\t").map(String.init)
      if parts.count == 3, parts[1] == "installed" { versions[parts[0]] = parts[2] }
    }
    return versions
  }
}
