// SPDX-License-Identifier: Apache-2.0
import ClusterModel
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
