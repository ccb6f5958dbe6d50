// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The disk that a node's image is installed on, and that it runs from: all of it.
package struct NodeRoot: Hashable, Sendable {
  package var device: NodeDisk.Device
  /// The permission to destroy what else is on the disk. `.once` or `.never`.
  package var wipe: NodeDisk.Wipe
  /// Its number. A node that was installed with another one is installed anew, when it boots the next time.
  package var installation: Int
  /// `root:` of its group.
  package var source: SourceSpan

  package init(device: NodeDisk.Device, wipe: NodeDisk.Wipe = .never, installation: Int = 1, source: SourceSpan) {
    self.device = device
    self.wipe = wipe
    self.installation = installation
    self.source = source
  }
}
