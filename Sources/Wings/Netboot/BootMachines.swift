// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The answers of the boot services to each machine. The same on every head: nodes come to addresses that move.
struct BootMachines {
  /// Each machine's own boot script, by file name.
  let scripts: [String: TreeGoal.Entry]
  /// The scripts of nodes, by file name, where boot is signed.
  let signed: [String: TreeGoal.Entry]
  /// The images that nodes boot, `name/digest`.
  let images: [String]
  /// Lines of `dhcp-hostsdir`: see dnsmasq(8), `--dhcp-host`.
  let reservations: TreeGoal.Entry
  /// Lines of `hostsdir`: see dnsmasq(8) and hosts(5).
  let names: TreeGoal.Entry

  init(_ cluster: Cluster, _ served: [ServedNetwork], _ published: Publications) {
    let isSigned = SignedBoot.asked(cluster) != nil
    scripts = Self.scripts(cluster, served, published, isSigned: isSigned)
    signed =
      isSigned ? SignedScripts(served, published, nodes: cluster.nodes.count).files(cluster) : [:]
    images = Set(cluster.nodes.map(\.image)).compactMap(published.identity).sorted()
    let machines = MachineNames.all(in: cluster)
    let dhcp = Set(served.filter { $0.serves(.dhcp) }.map(\.network.name))
    reservations = TreeGoal.Entry(
      .text(
        Self.reservations(machines, dhcp, signed: isSigned ? Self.booting(cluster) : [])
          + Self.bmcs(cluster, served.filter { $0.serves(.dhcp) })))
    names = TreeGoal.Entry(.text(Self.names(machines, cluster, served)))
  }

  private static func scripts(
    _ cluster: Cluster, _ served: [ServedNetwork], _ published: Publications, isSigned: Bool
  ) -> [String: TreeGoal.Entry] {
    var scripts: [String: TreeGoal.Entry] = Dictionary(minimumCapacity: cluster.nodes.count + cluster.heads.count)
    let images = published.images.mapValues { "\($0.name)/\($0.digest)" }
    let every = NodeReport.interval(nodes: cluster.nodes.count)
    var common: [String: BootScript] = [:]
    for network in served where network.serves(.boot) {
      guard let server = network.server else { continue }
      common[network.network.name] = BootScript(
        server: server, prefix: network.network.cidr.prefix, reportEvery: every)
    }
    for node in cluster.nodes {
      guard let nic = cluster.bootNIC(of: node), let mac = nic.mac, let image = images[node.image],
        let script = common[nic.network]
      else { continue }
      scripts[mac.hyphenated + ".ipxe"] = TreeGoal.Entry(
        .text(
          isSigned
            ? BootScript.startOver(node.name)
            : node.boot.provisioner.script(node, image: image, in: cluster, script)))
    }
    for head in cluster.heads {
      for nic in head.nics {
        guard let mac = nic.mac, let script = common[nic.network] else { continue }
        scripts[mac.hyphenated + ".ipxe"] = TreeGoal.Entry(.text(script.head(mac: mac)))
      }
    }
    return scripts
  }

  /// A machine asks again after half of it, and then has what the description says by now: sooner than its step gives
  /// up. One that gets no answer keeps its address: see boot.network.
  private static let lease = ",15m\n"

  /// The cards that nodes boot by.
  private static func booting(_ cluster: Cluster) -> Set<MACAddress> {
    Set(cluster.nodes.compactMap { cluster.bootNIC(of: $0)?.mac })
  }

  /// - Parameter signed: cards of machines that are to get the boot loader that checks signatures.
  private static func reservations(
    _ machines: [MachineNames.Card], _ dhcp: Set<String>, signed: Set<MACAddress>
  ) -> String {
    var text = ""
    for card in machines {
      guard let mac = card.nic.mac, dhcp.contains(card.nic.network) else { continue }
      // Part by part: a text of its own for each line takes twice as long.
      text += mac.description
      text += ","
      text += card.name
      text += ","
      text += card.nic.address.description
      text += signed.contains(mac) ? signedLease : lease
    }
    return text
  }

  private static let signedLease = ",15m,set:\(DnsmasqConfiguration.signed)\n"

  /// BMCs without a name: they are known by their machines.
  private static func bmcs(_ cluster: Cluster, _ served: [ServedNetwork]) -> String {
    var text = ""
    func add(_ mac: MACAddress?, _ address: IPv4Address?) {
      guard let mac, let address, served.contains(where: { $0.network.cidr.contains(address) }) else { return }
      text += mac.description
      text += ","
      text += address.description
      text += lease
    }
    for head in cluster.heads { add(head.bmcMAC, head.bmc?.address) }
    for node in cluster.nodes { add(node.bmcMAC, node.bmc?.address) }
    return text
  }

  private static func names(
    _ machines: [MachineNames.Card], _ cluster: Cluster, _ served: [ServedNetwork]
  ) -> String {
    var text = ""
    func add(_ address: String, _ name: String) {
      text += address
      text += " "
      text += name
      text += "."
      text += cluster.domain
      text += " "
      text += name
      text += "\n"
    }
    for card in machines {
      add(card.nic.address.description, card.name)
      if let ipv6 = card.nic.ipv6 { add(ipv6.description, card.name) }
    }
    for line in Names.more(cluster, at: Set(served.filter { $0.serves(.boot) }.compactMap(\.server)).sorted()) {
      text += line
      text += "\n"
    }
    return text
  }
}
