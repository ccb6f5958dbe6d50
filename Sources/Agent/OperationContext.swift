// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// What an operation gets beside its goal.
package struct OperationContext: Sendable {
  package let secrets: Secrets
  /// Takes one line about what goes on now, for a person who watches.
  package let progress: @Sendable (String) -> Void

  package init(secrets: Secrets, progress: @escaping @Sendable (String) -> Void) {
    self.secrets = secrets
    self.progress = progress
  }

  /// The secret's bytes, or `.invalid` when they did not travel with the request.
  package func secret(_ ref: SecretRef) throws(AgentError) -> [UInt8] { try secrets.required(ref) }
}

extension Secrets {
  package func required(_ ref: SecretRef) throws(AgentError) -> [UInt8] {
    if let bytes = self[ref] { return bytes }
    throw AgentError(
      .invalid, "The value of \(ref) did not come with the request",
      next: "Put it into the secrets folder of the machine that runs `cluster`, as the file \(ref.name).")
  }
}
