// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The desired state of one resource. Each kind has its own type; all can be kept in the record and compared.
package protocol DesiredState: Hashable, Codable, Sendable {
  /// A host that exists only once this is in place: until then it has nothing, which is not the same as unknown. Nil,
  /// the default: none.
  var establishes: HostID? { get }
}

extension DesiredState {
  package var establishes: HostID? { nil }
}

/// `file@head1:/etc/hosts`, or `nodes:compute` for what belongs to the whole cluster.
package struct ResourceID: Hashable, Codable, Comparable, Sendable, CustomStringConvertible {
  package let kind: String
  package let host: HostID?
  package let name: String

  package init(_ kind: String, on host: HostID? = nil, _ name: String) {
    self.kind = kind
    self.host = host
    self.name = name
  }

  package var description: String { kind + (host.map { "@\($0)" } ?? "") + ":" + name }
  /// Hardly two on one host differ in their kind alone; ids are looked up many times for each step of a plan.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(host)
    hasher.combine(name)
  }
  package static func < (a: Self, b: Self) -> Bool {
    (a.host?.name ?? "", a.kind, a.name) < (b.host?.name ?? "", b.kind, b.name)
  }
}

/// One thing that a feature wants, with the place in the spec that asked for it.
package struct Resource: Sendable {
  package var id: ResourceID
  package var desired: any DesiredState
  /// Why it is wanted, as a clause: "DHCP for network private".
  package var because: String
  package var source: SourceSpan
  /// Places of single keys that ask for a part of it, by what its kind calls them: see `StepDraft.part`.
  package var parts: [String: SourceSpan] = [:]
  /// Resources whose steps come before this one's.
  package var after: [ResourceID]
  /// Resources that drafts of this one name in `StepDraft.after`: they are planned first, and their steps come first
  /// only where a draft says so. Not wanted in every cluster.
  package var mayComeAfter: [ResourceID]
  /// Resources that let go of something that this one takes over when the description has dropped them.
  package var afterRemoval: [ResourceID]

  package init(
    _ id: ResourceID, _ desired: any DesiredState, because: String, source: SourceSpan, after: [ResourceID] = [],
    mayComeAfter: [ResourceID] = [], afterRemoval: [ResourceID] = []
  ) {
    self.id = id
    self.desired = desired
    self.because = because
    self.source = source
    self.after = after
    self.mayComeAfter = mayComeAfter
    self.afterRemoval = afterRemoval
  }

  package var establishes: HostID? { desired.establishes }
}

/// A resource that an earlier run has put in place, from the newest audit commit.
package struct ManagedResource: Sendable {
  package var id: ResourceID
  package var desired: any DesiredState

  package init(id: ResourceID, desired: any DesiredState) {
    self.id = id
    self.desired = desired
  }
}

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
  case account(HostID, String)
  /// The CIB is one for the whole cluster.
  case cib(String)
  case node(HostID)

  /// Several may want it at once: a package is there for all of them, and goes with the last.
  package var isShared: Bool { if case .package = self { true } else { false } }
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
    case .account(let host, let name): "account \(name) on \(host)"
    case .cib(let id): "CIB element \(id)"
    case .node(let node): "node \(node)"
    }
  }
}
