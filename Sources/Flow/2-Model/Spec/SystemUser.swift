// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// An account of a daemon with the same numbers on heads and nodes. Where two machines read one file, or take each
/// other's word for who somebody is, a number has to mean one account.
package struct SystemUser: Hashable, Codable, Sendable {
  package var name: String
  package var uid: Int
  /// The number of its group, which has its name.
  package var gid: Int
  package var home: String

  package init(name: String, uid: Int, gid: Int, home: String) {
    self.name = name
    self.uid = uid
    self.gid = gid
    self.home = home
  }

  /// Nobody logs in to it.
  package static let shell = "/usr/sbin/nologin"

  /// Its lines of passwd(5) and group(5).
  package var passwd: String { "\(name):x:\(uid):\(gid)::\(home):\(Self.shell)" }
  package var group: String { "\(name):x:\(gid):" }
}

/// A system user that a wing needs, and where the description asks for it.
package struct WantedUser: Hashable, Sendable {
  package var user: SystemUser
  package var because: String
  package var source: SourceSpan

  package init(_ user: SystemUser, because: String, source: SourceSpan) {
    self.user = user
    self.because = because
    self.source = source
  }
}
