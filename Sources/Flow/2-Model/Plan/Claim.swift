// SPDX-License-Identifier: Apache-2.0

/// Something on a host, or in the cluster, that only one resource may decide about.
package enum Claim: Hashable, Comparable, Sendable {
  case path(HostID, String)
  /// A folder in which nothing may be but what its owner puts there.
  case tree(HostID, String)
  case unitEnablement(HostID, String)
  case unitActivity(HostID, String)
  case package(HostID, String)
  case link(HostID, String)
  case hostname(HostID)
  /// The CIB is one for the whole cluster.
  case cib(String)
  case node(HostID)
}

extension Claim: CustomStringConvertible {
  package var description: String {
    switch self {
    case .path(let host, let path): "\(path) on \(host)"
    case .tree(let host, let root): "the folder \(root) on \(host)"
    case .unitEnablement(let host, let unit): "whether \(unit) is enabled on \(host)"
    case .unitActivity(let host, let unit): "whether \(unit) runs on \(host)"
    case .package(let host, let name): "package \(name) on \(host)"
    case .link(let host, let name): "interface \(name) on \(host)"
    case .hostname(let host): "the host name of \(host)"
    case .cib(let id): "CIB element \(id)"
    case .node(let node): "node \(node)"
    }
  }
}

extension Operation {
  /// What it decides about when it is done on `host`.
  package func claims(on host: HostID) -> [Claim] {
    switch self {
    case .ensureFile(let goal): [.path(host, goal.path)]
    case .ensureSecretFile(let goal): [.path(host, goal.path)]
    case .ensureSymbolicLink(let path, _): [.path(host, path)]
    case .ensureFileAbsent(let path): [.path(host, path)]
    case .ensureTree(let goal): [.tree(host, goal.root)]
    case .ensureTreeAbsent(let root): [.tree(host, root)]
    case .ensurePackages(let names), .ensurePackagesAbsent(let names): names.map { .package(host, $0) }
    case .ensureUnit(let goal):
      (goal.enabled == nil ? [] : [.unitEnablement(host, goal.name)])
        + (goal.active == nil ? [] : [.unitActivity(host, goal.name)])
    case .ensureHostname: [.hostname(host)]
    case .ensureLink(let goal): [.link(host, goal.interface)]
    case .ensureCIB(let goal): goal.elements.map { .cib($0.id) } + goal.removed.map { .cib($0) }
    case .ensureNode(let goal): [.node(goal.node)]
    // Content-addressed, or done on behalf of another machine: nothing that two resources could disagree about.
    case .ensureAddress, .ensureImage, .ensureImageFetched, .ensureImageAbsent, .ensureCapture, .ensureClone,
      .ensureCloneAbsent, .ensurePower, .ensureFencingProven:
      []
    }
  }
}
