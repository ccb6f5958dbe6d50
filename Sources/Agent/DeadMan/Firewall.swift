// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The rules that the kernel has now: nft(8).
enum Firewall {
  /// Nil where there is no nft, and so no rules of its making.
  static func rules() async throws(AgentError) -> String? {
    do throws(AgentError) {
      // Without counters, which go on counting.
      return try await Command.checked("nft", ["--stateless", "list", "ruleset"], next: "Check `nft list ruleset`.")
        .text
    } catch {
      if error.code == .notFound { return nil }
      throw error
    }
  }

  /// All or nothing, in one transaction. Where nothing differs nothing is touched: sets that fill themselves and
  /// counters go on.
  static func restore(_ rules: String) async throws(AgentError) {
    if try await Self.rules() == rules { return }
    try await Command.checked(
      "nft", ["--file", "-"], input: Array(("flush ruleset\n" + rules).utf8), next: "Check `nft list ruleset`.")
  }
}
