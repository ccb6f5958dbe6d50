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
    case .ensureUnit(let goal): return .service(goal.name)
    case .ensureLink, .ensureHostname, .ensurePackages, .ensurePackagesAbsent: return .host
    case .ensureFile, .ensureSecretFile, .ensureFileAbsent, .ensureTree, .ensureTreeAbsent, .ensureAddress,
      .ensureImage, .ensureImageFetched, .ensureImageAbsent, .ensureCapture, .ensureClone, .ensurePower, .ensureNode,
      .ensureCIB, .ensureFencingProven:
      return nil
    }
  }
}
