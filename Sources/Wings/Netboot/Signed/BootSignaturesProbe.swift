// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The signatures that a head has made, compared with the key that travels beside the probe. Nil: it has made none.
package struct BootSignaturesProbe: Probe {
  package typealias Answer = BootSignaturesState?

  package static let name = "bootSignatures"

  package let key: SecretRef

  package init(_ key: SecretRef) { self.key = key }

  package var words: String { "signatures of what nodes boot" }

  /// Nothing can be signed with a key that does not exist yet.
  package var secrets: ProbeSecrets {
    .compares(
      [key],
      without: SubstituteProbe(FileProbe(WellKnown.bootSignaturesNote, contents: false), for: Self.self) {
        $0 == .absent ? nil : BootSignaturesState(goal: "", isOfKey: false, isOfLoader: true, isIntact: true)
      })
  }

  package func recorded(_ state: BootSignaturesState?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("boot-signatures", explained(state, nodes))]
  }

  package func explained(_ state: BootSignaturesState?, _ nodes: NodeNames) -> [String] {
    guard let state else { return ["boot signatures absent"] }
    return [
      "boot signatures \(state.goal.prefix(16)) \(state.isIntact ? "intact" : "changed")"
        + (state.isOfKey ? "" : ", by another key") + (state.isOfLoader ? "" : ", of another GRUB")
    ]
  }
}

package struct BootSignaturesState: Hashable, Codable, Sendable {
  /// The digest of the goal that they were made for.
  package var goal: String
  /// Whether they were made with the key that the site has now.
  package var isOfKey: Bool
  /// Whether the boot loaders were made of the GRUB that is installed now.
  package var isOfLoader: Bool
  /// Whether the files are as they were written.
  package var isIntact: Bool

  package init(goal: String, isOfKey: Bool, isOfLoader: Bool, isIntact: Bool) {
    self.goal = goal
    self.isOfKey = isOfKey
    self.isOfLoader = isOfLoader
    self.isIntact = isIntact
  }
}

/// A head's note of what it has signed. It holds no secret: the key is named by its public half.
package struct BootSignaturesNote: Hashable, Codable, Sendable {
  package var goal: String
  /// The digest of the public key.
  package var key: String
  /// The digest of what tells one GRUB from another.
  package var loader: String
  /// The digest of all files that were written.
  package var contents: String

  package init(goal: String, key: String, loader: String, contents: String) {
    self.goal = goal
    self.key = key
    self.loader = loader
    self.contents = contents
  }

  /// The state that it tells of.
  ///
  /// - Parameters: the three digests as they are now.
  package func state(key: String, loader: String, contents: String) -> BootSignaturesState {
    BootSignaturesState(
      goal: goal, isOfKey: key == self.key, isOfLoader: loader == self.loader, isIntact: contents == self.contents)
  }

  /// The digest of files: of the name and the contents of each.
  package static func contents(_ files: [(name: String, digest: String)]) -> String {
    SHA256.hex(files.sorted { $0.name < $1.name }.map { "\($0.name) \($0.digest)\n" }.joined())
  }
}
