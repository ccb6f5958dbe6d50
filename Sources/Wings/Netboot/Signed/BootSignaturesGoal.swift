// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// All that a head signs for nodes, and the boot loaders that check it. The key is named, and travels beside it.
package struct BootSignaturesGoal: Hashable, Codable, Sendable {
  package struct Loader: Hashable, Codable, Sendable {
    /// Its file's name, without the end: `boot`.
    package var name: String
    /// The script that is built into it.
    package var configuration: String

    package init(name: String, configuration: String) {
      self.name = name
      self.configuration = configuration
    }
  }

  package var key: SecretRef
  package var loaders: [Loader]
  /// The digests of the scripts in `WellKnown.signedScripts`, by their names: no other is signed.
  package var scripts: [String: String]
  /// The images that nodes boot, `name/digest`. Each was signed when it was built; with another key it is signed anew.
  package var images: [String]

  package init(key: SecretRef, loaders: [Loader], scripts: [String: String], images: [String]) {
    self.key = key
    self.loaders = loaders
    self.scripts = scripts
    self.images = images.sorted()
  }

  /// The digest of all of it: heads that have signed it have this.
  package var digest: String {
    var text = "boot signatures 1 \(key.name)\n"
    for loader in loaders { text += "\(loader.name) \(SHA256.hex(loader.configuration))\n" }
    for kind in SignedBoot.Loader.allCases { text += "\(kind.format) \(kind.modules.joined(separator: " "))\n" }
    for (name, script) in scripts.sorted(by: { $0.key < $1.key }) { text += "\(name) \(script)\n" }
    return SHA256.hex(text + images.joined(separator: " "))
  }
}
