// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension AgentError {
  package static func missing(_ secret: SecretRef) -> AgentError {
    AgentError(
      .notFound, "\(secret) does not exist",
      next: "Write its value to the file \(secret.name) in the secrets folder, readable only by you (mode 0600).")
  }
}
