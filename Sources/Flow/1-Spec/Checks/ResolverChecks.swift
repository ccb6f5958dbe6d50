// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Resolvers of the site: others than the heads, which would ask themselves.
enum ResolverChecks {
  static func run(_ context: CheckContext, _ problems: inout Problems) {
    let served = Set(
      context.declaration.networks.filter { $0.value?.serves(.dns) == true }.map { context.entry(of: $0) })
    var own: [IPv4Address: SourceSpan] = [:]
    for head in context.heads {
      for nic in head.nics where nic.value?.network.map({ served.contains($0.value) }) == true {
        if let address = nic.value?.address { own[address.value.first] = address.span }
      }
    }
    for (network, address) in context.serviceAddresses where served.contains(network) {
      own[address.value] = address.span
    }
    for network in context.declaration.networks {
      for resolver in network.value?.dns ?? [] {
        guard case .v4(let address) = resolver.value, let span = own[address] else { continue }
        problems.error(
          .noEffect, "The heads would ask themselves: \(resolver.value) is theirs.",
          help:
            "`dns:` names the site's resolvers, which know what is outside. Machines ask the heads without being told.",
          at: resolver.span, notes: [.init(text: "the heads have it here", span: span)])
      }
    }
  }
}
