// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Addresses of the cluster are on the machines that they are described for, and on no other head.
///
/// One that is elsewhere too is not taken away from here: who put it there, and what goes over it, is not known. It is
/// a part of the plan that cannot be done, so no run counts as converged while it is so.
package enum AddressOwnersKind: ResourceKind {
  package static let name = "addresses"
  package static let removalRank = 26

  package struct Desired: DesiredState {
    package struct Owned: Hashable, Codable, Sendable {
      package var address: IPAddress
      package var owner: HostID
    }

    /// The heads' own addresses, but for those of this head.
    package var others: [Owned]
    /// Addresses that move: one head has each.
    package var service: [IPAddress]
    package var heads: [HostID]
    /// Interfaces of this head: an address that their files still name is about to go.
    package var interfaces: [String]
  }

  /// Each stray address in a sentence.
  package typealias Actual = [String]

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "owners") }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.heads.map { Question($0, LinksProbe()) }
      + desired.interfaces.map { Question(id.onlyHost, FileProbe(LinkKind.path($0))) }
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    let host = id.onlyHost
    guard let links = try answers.answer(host, LinksProbe()) else { return nil }
    var leaving: Set<String> = []
    for interface in desired.interfaces {
      guard case .file(let facts)? = try answers.answer(host, FileProbe(LinkKind.path(interface))) else { continue }
      leaving.formUnion(LinkKind.addresses(facts.contents ?? ""))
    }
    for link in links {
      for held in link.held where !leaving.contains(held) {
        guard let address = IPAddress(held.prefix { $0 != "/" }) else { continue }
        if let owner = desired.others.first(where: { $0.address == address })?.owner {
          throw .failed(
            host, stray("\(held) on \(link.name) of \(host) is the address of \(owner)", held, link.name, host))
        }
        guard desired.service.contains(address) else { continue }
        for other in desired.heads where other < host && holds(other, address, answers) {
          throw .failed(
            host, stray("\(held) is on \(other) and on \(link.name) of \(host) at once", held, link.name, host))
        }
      }
    }
    return []
  }

  /// Nothing can be done here: what is wrong has been told.
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] { [] }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }

  /// A head that cannot be asked is told of elsewhere.
  private static func holds(_ head: HostID, _ address: IPAddress, _ answers: Answers) -> Bool {
    ((try? answers.answer(head, LinksProbe())) ?? nil)?.contains { link in
      link.held.contains { $0.hasPrefix("\(address)/") }
    } ?? false
  }

  private static func stray(_ what: String, _ held: String, _ interface: String, _ host: HostID) -> AgentError {
    AgentError(
      .conflict, what,
      next: "Take it out of what configures it on \(host) (/etc/network/interfaces, NetworkManager, "
        + "/etc/systemd/network), run `ip address del \(held) dev \(interface)` there, then apply again.")
  }
}

extension Resource {
  package static func addressOwners(of cluster: Cluster, on head: Head) -> Resource {
    let own = Set(head.nics.flatMap(\.addresses))
    let others = cluster.heads.filter { $0.name != head.name }.flatMap { other in
      other.nics.flatMap(\.addresses).map { AddressOwnersKind.Desired.Owned(address: $0, owner: other.name) }
    }
    return Resource(
      AddressOwnersKind.id(on: head.name),
      AddressOwnersKind.Desired(
        others: others.filter { !own.contains($0.address) },
        service: cluster.ha?.servicePlaces.map(\.address) ?? [], heads: cluster.heads.map(\.name),
        interfaces: head.nics.map(\.name)),
      because: "an address is on one machine", source: head.source)
  }
}
