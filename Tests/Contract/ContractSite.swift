// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Pacemaker
import Reconciler
import Testing
import Wings

/// What every site does that an apply has brought to its description, in memory or of real machines: two heads under
/// Pacemaker, an image, nodes behind their BMCs. Each case leaves the site as it found it.
package struct SiteContract: Sendable, CustomTestStringConvertible {
  package let name: String
  package let check: @Sendable (ContractSite) async throws -> Void

  package var testDescription: String { name }

  package static let all: [SiteContract] = pacemaker + images + power + commands
}

/// A site with those of its heads that are installed, which a run holds the leases of.
package struct ContractSite: Sendable {
  let cluster: Cluster
  /// What the description asks for: operations get their goals from here, as they do in a plan.
  let resources: [any DesiredState]
  /// The primary first.
  let heads: [ContractHost]

  /// Claims the heads for a body, and gives them back however that ends.
  package static func using(
    _ specification: Specification, secrets: Secrets, _ hosts: [any ManagedHost],
    tick: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .milliseconds(200)) },
    _ body: @escaping @Sendable (ContractSite) async throws -> Void
  ) async throws {
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    let resources = Expansion.expand(cluster, specification.files).map(\.desired)
    func claim(_ rest: ArraySlice<any ManagedHost>, _ held: [ContractHost]) async throws {
      guard let next = rest.first else {
        return try await body(ContractSite(cluster: cluster, resources: resources, heads: held))
      }
      try await ContractHost.using(next, secrets: secrets, tick: tick) { host in
        try await claim(rest.dropFirst(), held + [host])
      }
    }
    try await claim(hosts[...], [])
  }

  var primary: ContractHost { get throws { try #require(heads.first) } }
  var standby: ContractHost { get throws { try #require(heads.count > 1 ? heads.last : nil) } }
  var names: [String] { heads.map(\.host.id.name) }

  func desired<Desired: DesiredState>(_ type: Desired.Type) throws -> Desired {
    try #require(resources.lazy.compactMap { $0 as? Desired }.first, "nothing asks for \(type)")
  }
}

extension ContractHost {
  /// The same host and run, with other secrets.
  func knowing(_ secrets: Secrets) -> ContractHost { ContractHost(host: host, run: run, secrets: secrets, tick: tick) }
}
