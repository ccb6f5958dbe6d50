// SPDX-License-Identifier: Apache-2.0

/// The types that may arrive in a conversation with an agent. The engine knows no operation: it is given them.
package struct WireCatalog: Sendable {
  package let operations: OperationCatalog

  package init(operations: OperationCatalog) { self.operations = operations }

  /// For the decoder of the conversation.
  package var userInfo: [CodingUserInfoKey: any Sendable] { operations.userInfo }
}
