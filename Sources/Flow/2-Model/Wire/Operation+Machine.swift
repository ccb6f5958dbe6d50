// SPDX-License-Identifier: Apache-2.0

extension Operation {
  /// The other machine that it is about: the node that boots, the head that is installed, forgotten or could be fenced.
  /// Nil when it works on the host that it is done on.
  package var machine: HostID? {
    switch self {
    case .ensureNode(let goal): goal.node
    case .ensureClone(let goal): goal.head
    case .ensureCloneAbsent(let head): head
    case .ensureFencingProven(let goal): goal.head
    case .ensureCapture(let recipe): recipe.clone
    case .ensureFile, .ensureSecretFile, .ensureSymbolicLink, .ensureFileAbsent, .ensureTree, .ensureTreeAbsent,
      .ensurePackages, .ensurePackagesAbsent, .ensureUnit, .ensureHostname, .ensureLink, .ensureAddress, .ensureImage,
      .ensureImageFetched, .ensureImageAbsent, .ensurePower, .ensureCIB:
      nil
    }
  }
}
