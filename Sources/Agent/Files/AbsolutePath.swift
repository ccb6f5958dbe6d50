// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Refuses paths that could lead elsewhere than they say.
enum AbsolutePath {
  static func check(_ path: String) throws(AgentError) {
    guard path.hasPrefix("/"), path.utf8.count > 1 else { throw unfit(path) }
    try checkParts(path.dropFirst(), of: path)
  }

  static func checkRelative(_ path: String) throws(AgentError) { try checkParts(path[...], of: path) }

  /// Refuses folders that belong to the system, where pruning would destroy it.
  static func checkRoot(_ path: String) throws(AgentError) {
    try check(path)
    let parts = path.dropFirst().split(separator: "/").map(String.init)
    let system: Set = ["bin", "boot", "dev", "lib", "lib32", "lib64", "proc", "run", "sbin", "sys"]
    let shared = parts.count > 1 ? "\(parts[0])/\(parts[1])" : parts[0]
    // Folders of packages, of which each package has one below.
    let packages: Set = [
      "etc/apt", "etc/pam.d", "etc/ssh", "etc/systemd", "etc/security", "etc/ssl", "etc/default", "etc/init.d",
      "etc/udev", "etc/network", "var/lib", "var/cache", "var/log", "var/spool", "var/run", "var/tmp", "usr/bin",
      "usr/lib", "usr/libexec", "usr/local", "usr/sbin", "usr/share", "usr/include",
    ]
    guard parts.count >= 2, !system.contains(parts[0]), !(parts.count == 2 && packages.contains(shared)) else {
      throw AgentError(
        .invalid, "\(path) belongs to the system, and is not taken as a folder of ours",
        next: "Name a folder that only the cluster uses.")
    }
  }

  private static func checkParts(_ relative: Substring, of path: String) throws(AgentError) {
    let parts = relative.split(separator: "/", omittingEmptySubsequences: false)
    let fit = parts.allSatisfy { part in
      !part.isEmpty && part != "." && part != ".." && part.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }
    guard fit else { throw unfit(path) }
  }

  private static func unfit(_ path: String) -> AgentError {
    AgentError(
      .invalid, "\"\(path)\" is not a plain path",
      next: "Remove `.`, `..`, empty parts and control characters.")
  }
}
