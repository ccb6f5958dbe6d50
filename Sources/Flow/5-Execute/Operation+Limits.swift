// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Operation {
  /// How long it may take before it counts as failed. Generous: the mirror may be slow, the disk busy.
  var deadline: Duration {
    switch self {
    case .ensureFile, .ensureSecretFile, .ensureSymbolicLink, .ensureFileAbsent, .ensureHostname, .ensureAddress:
      .seconds(60)
    case .ensureTree, .ensureTreeAbsent, .ensureLink: .seconds(120)
    // systemd's own default for starting or stopping a unit is 90 s: systemd-system.conf(5).
    case .ensureUnit: .seconds(240)
    case .ensurePackages, .ensurePackagesAbsent: .seconds(20 * 60)
    case .ensureImage, .ensureCapture: .seconds(30 * 60)
    case .ensureImageFetched, .ensureImageAbsent: .seconds(15 * 60)
    case .ensurePower, .ensureFencingProven, .ensureCloneAbsent: .seconds(120)
    case .ensureCIB: .seconds(180)
    // These know themselves how long to wait; what they do around it takes a minute at most.
    case .ensureClone(let goal): .seconds(goal.deadlineSeconds + 60)
    case .ensureNode(let goal): .seconds(goal.deadlineSeconds + 60)
    }
  }

  /// Of the operations on one host with the same lane, one runs at a time. Nil: no such limit.
  package var lane: String? {
    // A host keeps what was there before one such change at a time.
    if canCutUsOff { return "way" }
    return switch self {
    // dpkg has one lock.
    case .ensurePackages, .ensurePackagesAbsent: "packages"
    // Both fill the disk and both cores.
    case .ensureImage, .ensureCapture, .ensureImageFetched: "image"
    case .ensureCIB: "cib"
    case .ensureFile, .ensureSecretFile, .ensureSymbolicLink, .ensureFileAbsent, .ensureTree, .ensureTreeAbsent,
      .ensureUnit,
      .ensureHostname, .ensureLink, .ensureAddress, .ensureImageAbsent, .ensureClone, .ensureCloneAbsent, .ensurePower,
      .ensureNode, .ensureFencingProven:
      nil
    }
  }
}
