// SPDX-License-Identifier: Apache-2.0

extension Operation {
  /// The operation without what it works on: `ensureFile`.
  package var name: String {
    switch self {
    case .ensureFile: "ensureFile"
    case .ensureSecretFile: "ensureSecretFile"
    case .ensureSymbolicLink: "ensureSymbolicLink"
    case .ensureFileAbsent: "ensureFileAbsent"
    case .ensureTree: "ensureTree"
    case .ensureTreeAbsent: "ensureTreeAbsent"
    case .ensurePackages: "ensurePackages"
    case .ensurePackagesAbsent: "ensurePackagesAbsent"
    case .ensureUnit: "ensureUnit"
    case .ensureHostname: "ensureHostname"
    case .ensureLink: "ensureLink"
    case .ensureAddress: "ensureAddress"
    case .ensureImage: "ensureImage"
    case .ensureImageFetched: "ensureImageFetched"
    case .ensureImageAbsent: "ensureImageAbsent"
    case .ensureCapture: "ensureCapture"
    case .ensureClone: "ensureClone"
    case .ensureCloneAbsent: "ensureCloneAbsent"
    case .ensurePower: "ensurePower"
    case .ensureNode: "ensureNode"
    case .ensureCIB: "ensureCIB"
    case .ensureFencingProven: "ensureFencingProven"
    }
  }

  /// What it works on, in a few words: a path, a unit, packages, a machine.
  package var target: String {
    switch self {
    case .ensureFile(let goal): goal.path
    case .ensureSecretFile(let goal): goal.path
    case .ensureSymbolicLink(let path, let target): "\(path) -> \(target)"
    case .ensureFileAbsent(let path): path
    case .ensureTree(let goal): goal.root
    case .ensureTreeAbsent(let root): root
    case .ensurePackages(let names), .ensurePackagesAbsent(let names): names.joined(separator: " ")
    case .ensureUnit(let goal): goal.name
    case .ensureHostname(let name): name
    case .ensureLink(let goal): "\(goal.interface) \(goal.address)/\(goal.prefix)"
    case .ensureAddress(let interface, let address, let prefix): "\(address)/\(prefix) on \(interface)"
    case .ensureImage(let recipe): "\(recipe.name)/\(recipe.digest)"
    case .ensureImageFetched(let name, let digest, _), .ensureImageAbsent(let name, let digest): "\(name)/\(digest)"
    case .ensureCapture(let recipe): "for \(recipe.clone)"
    case .ensureClone(let goal): goal.head.name
    case .ensureCloneAbsent(let head): head.name
    case .ensurePower(let bmc, let state): "\(bmc.address) \(state.rawValue)"
    case .ensureNode(let goal): goal.node.name
    case .ensureCIB(let goal):
      "\(goal.elements.count) elements" + (goal.removed.isEmpty ? "" : ", \(goal.removed.count) removed")
    case .ensureFencingProven(let goal): goal.head.name
    }
  }
}
