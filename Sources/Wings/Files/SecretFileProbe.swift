// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Whether a file holds what a secret says. The secret's bytes travel beside the probe.
package struct SecretFileProbe: Probe {
  package typealias Answer = SecretFileState

  package static let name = "secretFile"

  package let path: String
  package let secret: SecretRef

  package init(_ path: String, _ secret: SecretRef) {
    self.path = path
    self.secret = secret
  }

  package var words: String { "secret file \(path)" }

  /// A file that is there cannot hold a secret that does not exist yet.
  package var secrets: ProbeSecrets {
    .compares(
      secret,
      without: SubstituteProbe(FileProbe(path, contents: false), for: Self.self) { $0 == .absent ? .absent : .differs })
  }

  package func recorded(_ state: SecretFileState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("secrets", explained(state, nodes))]
  }

  package func explained(_ state: SecretFileState, _ nodes: NodeNames) -> [String] { ["\(path) \(state.rawValue)"] }
}

package enum SecretFileState: String, Hashable, Codable, Sendable { case absent, matches, differs }
