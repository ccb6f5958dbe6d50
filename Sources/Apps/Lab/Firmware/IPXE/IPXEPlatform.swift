// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Everything outside of itself that a script can reach.
protocol IPXEPlatform: Sendable {
  /// A small file's bytes: a script.
  func fetch(_ url: String) async throws(AgentError) -> [UInt8]
  /// A large file that only has to arrive: a kernel or an initrd.
  func download(_ url: String) async throws(AgentError)
  func pause(_ length: Duration) async throws(AgentError)
  func say(_ text: String)
}
