// SPDX-License-Identifier: Apache-2.0

/// All that may arrive in a conversation with an agent. The engine knows no probe and no operation: it is given them.
package struct WireCatalog: Sendable {
  package let probes: ProbeCatalog
  package let operations: OperationCatalog

  package init(probes: ProbeCatalog, operations: OperationCatalog) {
    self.probes = probes
    self.operations = operations
  }

  /// For the decoder of the conversation.
  package var userInfo: [CodingUserInfoKey: any Sendable] {
    probes.userInfo.merging(operations.userInfo) { first, _ in first }
  }
}
