// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Step {
  enum Disrupts: Hashable {
    case service(String)
    /// Everything that the head does.
    case host
  }

  /// What users of a *head* lose for a while. Nodes that reboot are not heads, although a head drives them.
  var disrupts: Disrupts? {
    if disruption < .restart { return nil }
    switch operation {
    case .ensureNode: return nil
    case .ensureUnit(let goal): return disruption >= .reboot ? .host : .service(goal.name)
    // Pacemaker may move whatever it has from one head to the other.
    case .ensureCIB: return .host
    case .ensureLink, .ensureHostname, .ensurePackages, .ensurePackagesAbsent, .ensurePower, .ensureClone: return .host
    case .ensureFile, .ensureSecretFile, .ensureSymbolicLink, .ensureFileAbsent, .ensureTree, .ensureTreeAbsent,
      .ensureAddress,
      .ensureImage, .ensureImageFetched, .ensureImageAbsent, .ensureCapture, .ensureCloneAbsent, .ensureFencingProven:
      return disruption >= .reboot ? .host : nil
    }
  }

  /// The head that is disrupted: the one that is installed, not the one that installs it.
  var disruptedHost: HostID {
    if case .ensureClone(let goal) = operation { goal.head } else { host }
  }
}
