// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Which machines a run speaks to, and the places on this machine that belong to them.
///
/// A lab is a site like any other: it only brings its own ssh_config(5), known hosts and secrets.
package struct Site: Sendable {
  /// `site` for the real machines, `lab:3f9c2a` for a lab. Records of one site never mix with another's.
  package var id: String
  package var specification: URL
  package var sshConfiguration: URL?
  package var secrets: URL
  /// The agent's program, copied to hosts.
  package var agent: URL

  package init(
    id: String, specification: URL, sshConfiguration: URL?, secrets: URL, agent: URL
  ) {
    self.id = id
    self.specification = specification
    self.sshConfiguration = sshConfiguration
    self.secrets = secrets
    self.agent = agent
  }

  /// The folder that holds the description; paths in it are relative to this.
  package var folder: URL { specification.deletingLastPathComponent() }

  /// The journal of this site's runs, beside the description and ignored by git.
  package var journal: URL {
    let name = id.replacingOccurrences(of: ":", with: "-")
    return folder.appending(path: ".cluster/journal-\(name).sqlite")
  }
}
