// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A head that is installed as a clone of another, over the network, when it has nothing yet.
///
/// - Absent: the primary has no record of installing it, and it does not answer. Then the primary is captured, and the
///   clone installed: its disk is overwritten.
/// - A head that answers was installed by whatever means: it is taken over as it is, and only its differences are
///   levelled.
/// - A head that was installed by us and does not answer is switched on when its BMC says that it is off. Otherwise
///   nothing can be known about it.
/// - Removal, when it is not described any more, makes the primary forget it, so that a machine that is described later
///   by the same name is installed. The machine that left is not touched.
package enum HeadCloneKind: ResourceKind {
  package static let name = "head-clone"
  package static let removalRank = 90

  package struct Desired: DesiredState {
    /// The head that is captured, and that installs.
    package var primary: HostID
    package var capture: CaptureRecipe
    package var goal: CloneGoal
    /// Whether a disk that is not empty may be overwritten.
    package var wipe: Bool
    package var establishes: HostID? { goal.head }

    package init(primary: HostID, capture: CaptureRecipe, goal: CloneGoal, wipe: Bool) {
      self.primary = primary
      self.capture = capture
      self.goal = goal
      self.wipe = wipe
    }
  }

  package enum Actual: Hashable, Sendable {
    /// It answers.
    case running
    /// Installed by us, and switched off.
    case off
    /// Installed by us, as the primary has noted, and not described any more.
    case left
  }

  package static func id(_ head: HostID) -> ResourceID { ResourceID(name, head.name) }
}
