// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension ClusterModel.Operation {
  /// How long it takes on an ordinary machine when there is something to do.
  package var usualTime: Duration {
    switch self {
    case .ensureFile, .ensureSecretFile, .ensureSymbolicLink, .ensureFileAbsent, .ensureHostname: .milliseconds(5)
    case .ensureTree, .ensureTreeAbsent: .milliseconds(40)
    case .ensurePackages: .seconds(12)
    case .ensurePackagesAbsent: .seconds(4)
    case .ensureUnit: .milliseconds(800)
    case .ensureLink, .ensureAddress: .milliseconds(300)
    case .ensureImage: .seconds(90)
    case .ensureImageFetched: .seconds(6)
    case .ensureImageAbsent, .ensureCloneAbsent: .milliseconds(100)
    case .ensureCapture: .seconds(40)
    case .ensureClone: .seconds(110)
    case .ensurePower: .seconds(4)
    case .ensureNode: .seconds(45)
    case .ensureCIB: .seconds(3)
    case .ensureFencingProven: .seconds(1)
    }
  }
}
