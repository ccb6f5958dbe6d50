// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Mounts in a machine's own mount namespace. They end with the machine's last process.
enum Mounts {
  static func overlay(lower: String, upper: String, work: String, at path: String) async throws(AgentError) {
    try await mount(["-t", "overlay", "overlay", "-o", "lowerdir=\(lower),upperdir=\(upper),workdir=\(work)", path])
  }

  static func mount(_ arguments: [String]) async throws(AgentError) {
    try await Command.checked("mount", arguments, next: "See the machine's console, and dmesg(1).")
  }

  /// Waits for processes that are still ending.
  static func unmount(_ path: String) async throws(AgentError) {
    try await Poll.until(.seconds(10), "\(path) is no longer in use") { () throws(AgentError) in
      try await Command.run("umount", [path]).succeeded
    }
  }
}
