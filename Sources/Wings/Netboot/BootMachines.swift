// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The answers of the boot services to each machine, for heads that are reached at one address.
struct BootMachines {
  let server: IPv4Address
  /// Each machine's own boot script, by file name.
  let scripts: [String: TreeGoal.Entry]
  /// Lines of `dhcp-hostsdir`: see dnsmasq(8), `--dhcp-host`.
  let reservations: TreeGoal.Entry
  /// Lines of `hostsdir`: see dnsmasq(8) and hosts(5).
  let names: TreeGoal.Entry

  init(_ cluster: Cluster, _ network: Network, _ server: IPv4Address, _ published: Publications) {
    self.server = server
    scripts = Self.scripts(cluster, network, server, published)
    let machines = Self.machines(cluster, network)
    reservations = TreeGoal.Entry(.text(Self.reservations(machines)))
    names = TreeGoal.Entry(.text(Self.names(machines, cluster, server)))
  }

  private static func scripts(
    _ cluster: Cluster, _ network: Network, _ server: IPv4Address, _ published: Publications
  ) -> [String: TreeGoal.Entry] {
    var scripts: [String: TreeGoal.Entry] = Dictionary(minimumCapacity: cluster.nodes.count + cluster.heads.count)
    let images = published.images.mapValues { "\($0.name)/\($0.digest)" }
    let script = BootScript(
      server: server, prefix: network.cidr.prefix, reportEvery: NodeReport.interval(nodes: cluster.nodes.count))
    for node in cluster.nodes {
      guard let mac = node.nics.first(where: { $0.network == network.name })?.mac, let image = images[node.image]
      else { continue }
      scripts[mac.hyphenated + ".ipxe"] = TreeGoal.Entry(
        .text(node.boot.provisioner.script(node.name, image: image, kernel: node.kernelArguments, script)))
    }
    for head in cluster.heads {
      guard let mac = head.nic(on: network.name)?.mac else { continue }
      scripts[mac.hyphenated + ".ipxe"] = TreeGoal.Entry(.text(script.head(mac: mac)))
    }
    return scripts
  }

  private static func machines(_ cluster: Cluster, _ network: Network) -> [(name: HostID, nic: NIC)] {
    var machines: [(name: HostID, nic: NIC)] = []
    machines.reserveCapacity(cluster.heads.count + cluster.nodes.count)
    func add(_ name: HostID, _ nics: [NIC]) {
      if let nic = nics.first(where: { $0.network == network.name }) { machines.append((name, nic)) }
    }
    for head in cluster.heads { add(head.name, head.nics) }
    for node in cluster.nodes { add(node.name, node.nics) }
    return machines
  }

  /// A machine asks again after half of it, and then has what the description says by now: sooner than its step gives
  /// up. One that gets no answer keeps its address: see boot.network.
  private static let lease = ",15m\n"

  private static func reservations(_ machines: [(name: HostID, nic: NIC)]) -> String {
    var text = ""
    for (name, nic) in machines {
      guard let mac = nic.mac else { continue }
      // Part by part: a text of its own for each line takes twice as long.
      text += mac.description
      text += ","
      text += name.name
      text += ","
      text += nic.address.description
      text += lease
    }
    return text
  }

  private static func names(
    _ machines: [(name: HostID, nic: NIC)], _ cluster: Cluster, _ server: IPv4Address
  ) -> String {
    var text = ""
    for (name, nic) in machines {
      text += nic.address.description
      text += " "
      text += name.name
      text += "."
      text += cluster.domain
      text += " "
      text += name.name
      text += "\n"
    }
    // Without high availability this is the primary's address, which has a name already.
    if cluster.ha != nil { text += "\(server) \(cluster.name).\(cluster.domain) \(cluster.name)\n" }
    return text
  }
}
