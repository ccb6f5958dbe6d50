// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A cluster as text that is easy to read and to compare.
struct ClusterDump {
  private(set) var text = ""

  init(_ cluster: Cluster) {
    add(
      "cluster \(cluster.name) domain \(cluster.domain) settings \(cluster.settings.mapValues { "\($0.value)" }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) ssh \(cluster.access.user)"
    )
    add("repositories mirror \(cluster.repositories.mirror ?? "-") proxy \(cluster.repositories.proxy ?? "-")")
    if let security = cluster.repositories.security { add("  security updates from \(security)") }
    for network in cluster.networks {
      let dynamic = network.dynamic.map { "\($0.first)-\($0.last)" } ?? "-"
      add(
        "network \(network.name) \(network.cidr) gateway \(show(network.gateway)) dns \(network.dns.map(\.description))"
          + " serves \(network.serves.map(\.rawValue).sorted()) dynamic \(dynamic) at \(place(network.source))")
      if let ipv6 = network.ipv6 { add("  ipv6 \(ipv6.cidr) gateway \(ipv6.gateway.map { "\($0)" } ?? "-")") }
      if let mtu = network.mtu { add("  mtu \(mtu)") }
      for route in network.routes { add("  route \(route)") }
      if network.isTranslated { add("  leaves over the heads") }
      if let relay = network.relay { add("  relayed by \(relay)") }
    }
    for head in cluster.heads {
      add("head \(head.name) clone of \(show(head.cloneOf)) wipe \(head.wipe) at \(place(head.source))")
      if let disk = head.disk { add("  installed on \(disk.words)") }
      for path in head.keep { add("  gets \(path)") }
      machine(head.nics, head.bmc, head.bmcMAC)
    }
    for image in cluster.images {
      add("image \(image.name) \(image.release) \(image.kernel) install \(image.install) at \(place(image.source))")
      if let base = image.base { add("  begins with \(base.path) at \(place(base.source))") }
      for secret in image.secrets {
        add("  secret \(secret.path) \(secret.secret) \(secret.owner) \(String(secret.mode, radix: 8))")
      }
      add("  files \(image.files ?? "-") run \(image.run) at \(image.pathSources.values.map(place).sorted())")
    }
    for node in cluster.nodes {
      add("node \(node.name) image \(node.image) boot \(node.boot.rawValue) at \(place(node.source))")
      machine(node.nics, node.bmc, node.bmcMAC)
    }
    if let ha = cluster.ha { policy(ha) }
  }

  private mutating func machine(_ nics: [NIC], _ bmc: BMC?, _ mac: MACAddress?) {
    for nic in nics {
      add("  \(nic.name) \(nic.network) \(nic.address) \(show(nic.mac)) at \(place(nic.source))")
      if let ipv6 = nic.ipv6 { add("    ipv6 \(ipv6)") }
      if let made = nic.made { add("    made: \(made)") }
      if let mtu = nic.mtu { add("    mtu \(mtu)") }
      for route in nic.routes { add("    route \(route)") }
    }
    if let bmc {
      add(
        "  bmc \(bmc.address) \(bmc.protocol.rawValue) \(bmc.user) \(bmc.password)" + (mac.map { " \($0)" } ?? "")
          + (bmc.system.map { " system \($0)" } ?? "") + (bmc.target.map { " target \($0)" } ?? "")
          + (bmc.agent.map { " told \($0.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })" } ?? "")
      )
    }
  }

  private mutating func policy(_ ha: HighAvailabilityPolicy) {
    add(
      "ha services \(ha.services.map(\.name)) failback \(failback(ha)) fencing \(ha.fencing) at \(place(ha.source))"
    )
    for service in ha.services {
      guard let own = service.own else { continue }
      add("  own \(service.name) \(own.unit) \(own.check.map { "\($0)" } ?? "-") at \(place(service.source))")
    }
    for address in ha.addresses { add("  address \(address.network) \(address.address) at \(place(address.source))") }
    for address in ha.ipv6 { add("  address \(address.network) \(address.address) at \(place(address.source))") }
    for group in ha.spread {
      let address = group.address.map { "\($0.address) on \($0.network)" } ?? "-"
      add("  spread \(group.name) on \(group.head) \(group.services) address \(address) at \(place(group.source))")
    }
    add("  monitor every \(ha.monitor.every) timeout \(ha.monitor.timeout) restarts \(ha.monitor.restarts)")
    add("  heartbeat \(ha.heartbeat.links) detect \(ha.heartbeat.detect)")
    for (key, span) in ha.sources.sorted(by: { $0.key < $1.key }) { add("  \(key) at \(place(span))") }
  }

  private func failback(_ ha: HighAvailabilityPolicy) -> String {
    guard ha.failback == .lazy else { return ha.failback.rawValue }
    return "lazy within \(show(ha.lazy.within)) gap \(ha.lazy.gap)"
  }

  private mutating func add(_ line: String) { text += line + "\n" }
  private func show(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "-" }
  private func place(_ span: SourceSpan) -> String { "\(span.line):\(span.column)-\(span.endLine):\(span.endColumn)" }
}
