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
