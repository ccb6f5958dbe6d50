// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Pacemaker

/// Our elements of Pacemaker's CIB, one resource for the whole cluster.
///
/// - Elements are compared one by one, by id; what the cluster or an administrator added is not looked at.
/// - Which elements are ours stands in the CIB itself, so one that the spec drops is found and removed.
/// - Any head that runs Pacemaker can tell, and the change is made there.
/// - A resource that failed for good, and waits for somebody to look, is tried again.
/// - Removal lets go, before anything else is done: Pacemaker is told to touch nothing more, so that services can be
///   changed, and go on where they are when it stops.
package enum PacemakerConfigurationKind: ResourceKind {
  package static let name = "pacemaker"
  /// Before the units of Corosync and Pacemaker.
  package static let removalRank = 5
  /// While it minds the services they cannot be given another address: it would find them ill, and stop them.
  package static let isRemovedFirst = true

  package struct Desired: DesiredState {
    /// The heads, the primary first.
    package var members: [HostID]
    package var elements: [CIBElement]

    package init(members: [HostID], elements: [CIBElement]) {
      self.members = members
      self.elements = elements
    }
  }

  package struct Actual: Hashable, Sendable {
    /// Heads that run Pacemaker and answered, in the order of the members.
    package var heads: [HostID]
    package var cib: CIBDocument
    /// Resources of ours that are to run and do not.
    package var failed: [String]
  }

  package static let id = ResourceID(name, "cib")
}

extension Resource {
  package static func pacemakerConfiguration(
    _ desired: PacemakerConfigurationKind.Desired, because: String, source: SourceSpan, after: [ResourceID]
  ) -> Resource {
    Resource(PacemakerConfigurationKind.id, desired, because: because, source: source, after: after)
  }
}
