// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials

extension PendingChange.ID {
  /// Unique, because a run does one operation at most once on one host.
  package init(run: String, operation: AnyOperation) throws(AgentError) {
    self.init(text: String(SHA256.hex("\(run) \(try operation.steadyText)").prefix(16)))
  }
}

extension AnyOperation {
  /// All that it says, in the same words in every process: a dictionary lists its members in another order in each.
  package var steadyText: String {
    get throws(AgentError) {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
        throw AgentError(.invalid, "\(name) cannot be encoded", cause: "\(error)", next: "Report this as a bug.")
      }
    }
  }
}
