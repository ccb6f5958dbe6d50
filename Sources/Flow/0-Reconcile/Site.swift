// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Which machines a run speaks to, and the places on this machine that belong to them.
///
/// A lab is a site like any other: it only brings its own ssh_config(5), known hosts and secrets. So is one in memory,
/// which keeps its journal and its record of runs in a folder of its own.
package struct Site: Sendable {
  /// `site` for the real machines, `lab:3f9c2a` for a lab. Records of one site never mix with another's.
  package var id: String
  package var specification: URL
  package var sshConfiguration: URL?
  package var secrets: URL
  /// The agent's program, copied to hosts.
  package var agent: URL
  /// Where the journal is kept. Nil: beside the description.
  package var state: URL?

  package init(
    id: String, specification: URL, sshConfiguration: URL?, secrets: URL, agent: URL, state: URL? = nil
  ) {
    self.id = id
    self.state = state
    self.specification = specification
    self.sshConfiguration = sshConfiguration
    self.secrets = secrets
    self.agent = agent
  }

  /// The folder that holds the description; paths in it are relative to this.
  package var folder: URL { specification.deletingLastPathComponent() }

  /// The id of sites whose machines are in memory.
  package static let simulated = "simulated"
  /// Its machines are in memory: nothing that is done there is real.
  package var isSimulated: Bool { id == Self.simulated }

  /// The journal of this site's runs, beside the description and ignored by git.
  package var journal: URL {
    let name = id.replacingOccurrences(of: ":", with: "-")
    return (state ?? folder.appending(path: ".cluster")).appending(path: "journal-\(name).sqlite")
  }
}

/// This program's version, as records and `--version` show it.
package enum Version {
  package static let number = "0.1.0"
  package static let text = "cluster \(number)"
}
