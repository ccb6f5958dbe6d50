// SPDX-License-Identifier: Apache-2.0
import Wings
import ClusterModel
import Diagnostics
import Reconciler
import SpecReading

/// A small site as a few choices, and its `cluster.yaml`. Small, so that a seed is cheap: what goes wrong with two
/// heads and four nodes goes wrong with more.
package struct DrawnSite: Hashable, Sendable {
  package var heads = 1
  package var isHighlyAvailable = false
  /// Heads beyond the two, of which one group of services has one for itself.
  package var spares = 0
  package var nodes = 0
  package var packages: [String] = ["numactl"]
  package var motd = "A compute node.\n"
  package var hasProxy = false
  package var hasDynamicRange = true
  package var monitorSeconds = 3
  package var domain = "alps.example.org"
  /// Where the nodes' addresses begin, as the third part of them.
  package var nodeBlock = 1
  /// Added to the last part of the heads' heartbeat addresses.
  package var heartbeatShift = 0

  package init() {}

  package init(_ random: inout SplitMix) {
    heads = random.chance(0.6) ? 2 : 1
    isHighlyAvailable = heads == 2 && random.chance(0.85)
    nodes = Self.sizes[random.below(Self.sizes.count)]
    packages = Self.lists[random.below(Self.lists.count)]
    // No draw of its own, as below.
    if isHighlyAvailable, nodes == 1 { spares = packages.isEmpty ? 2 : 1 }
    hasProxy = random.chance(0.3)
    hasDynamicRange = random.chance(0.5)
  }

  /// Changes one thing, as an administrator edits the file. In words, what it was.
  package mutating func edit(_ random: inout SplitMix) -> String {
    let before = self
    while self == before {
      switch random.below(11) {
      case 0: nodes = Self.sizes[random.below(Self.sizes.count)]
      case 1: packages = Self.lists[random.below(Self.lists.count)]
      case 2: motd = random.chance(0.5) ? "Welcome.\n" : "A compute node.\n"
      case 3: hasProxy.toggle()
      case 4: hasDynamicRange.toggle()
      case 5: monitorSeconds = 3 + random.below(2)
      case 6: domain = random.chance(0.5) ? "alps.example.org" : "jura.example.org"
      case 7: if nodes > 0 { nodeBlock = 3 - nodeBlock }
      case 8: heartbeatShift = 20 - heartbeatShift
      case 9: if heads == 2 { isHighlyAvailable.toggle() }
      default: if heads == 1 { (heads, isHighlyAvailable) = (2, random.chance(0.8)) }
      }
    }
    return words(since: before)
  }

  private func words(since old: DrawnSite) -> String {
    var words: [String] = []
    if nodes != old.nodes { words.append("\(nodes) nodes instead of \(old.nodes)") }
    if packages != old.packages { words.append("packages \(packages) instead of \(old.packages)") }
    if motd != old.motd { words.append("another motd") }
    if hasProxy != old.hasProxy { words.append(hasProxy ? "with a proxy" : "without a proxy") }
    if hasDynamicRange != old.hasDynamicRange {
      words.append(hasDynamicRange ? "with a dynamic range" : "without a dynamic range")
    }
    if monitorSeconds != old.monitorSeconds { words.append("monitor every \(monitorSeconds) s") }
    if domain != old.domain { words.append("domain \(domain)") }
    if heads != old.heads { words.append("\(heads) heads instead of \(old.heads)") }
    if nodeBlock != old.nodeBlock { words.append("nodes from 10.1.\(nodeBlock).1 on") }
    if heartbeatShift != old.heartbeatShift { words.append("heartbeat from 10.2.0.\(1 + heartbeatShift) on") }
    if isHighlyAvailable != old.isHighlyAvailable { words.append(isHighlyAvailable ? "HA on" : "HA off") }
    return words.joined(separator: ", ")
  }

  // A few of each: sites of one description share what an undisturbed run makes of it.
  private static let sizes = [0, 1, 2, 4]
  private static let lists = [[], ["numactl"], ["hwloc-nox", "lshw"]]

  /// How many nodes may be away at once: a quarter, and one at least.
  package var mostNodesAway: Int { max(1, nodes / 4) }

  private var hasImage: Bool { nodes > 0 || heads > 1 }
  /// No draw of its own either.
  private var hasFirewall: Bool { hasImage && packages.contains("lshw") }

  /// Nor here.
  private var hasIPv6: Bool { hasFirewall }

  /// The same description, with nothing chosen that does not show in it: how often a monitor looks that there is not.
  var shown: DrawnSite {
    let first = DrawnSite()
    var shown = self
    if nodes == 0 { shown.nodeBlock = first.nodeBlock }
    if !hasImage { (shown.packages, shown.motd) = (first.packages, first.motd) }
    if !isHighlyAvailable { shown.monitorSeconds = first.monitorSeconds }
    return shown
  }

  package var serviceAddresses: Set<IPAddress> {
    guard isHighlyAvailable else { return [] }
    let more = (spares > 0 ? ["10.1.0.11"] : []) + (hasIPv6 ? ["2001:db8:1::10"] : [])
    return Set((["198.51.100.10", "10.1.0.10"] + more).compactMap { IPAddress($0) })
  }

  private func own6(_ head: Int) -> String { hasIPv6 ? ", ipv6: 2001:db8:1::1\(head)" : "" }

  package var yaml: String {
    let ipv6 = hasIPv6 ? ", ipv6: { cidr: 2001:db8:1::/64, gateway: fe80::1 }" : ""
    let range = hasDynamicRange ? ", dynamic: 10.1.250.1-10.1.250.99" : ""
    var text = """
      version: 1
      cluster: alps
      domain: \(domain)
      networks:
        public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1]\(ipv6) }
        private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot]\(range) }
        heartbeat: { cidr: 10.2.0.0/24 }
        bmc: { cidr: 10.3.0.0/16 }

      """
    if hasProxy { text += "repositories: { proxy: http://198.51.100.1:3142 }\n" }
    if hasFirewall { text += "firewall: { open: [{ tcp: 443, from: public }] }\n" }
    text += "heads:\n"
    for head in 1...heads + spares {
      text += """
          head\(head):
        \(head == 1 ? "" : "    clone_of: head1\n")    nics:
              eth0: { network: private, address: 10.1.0.\(head), mac: 52:54:00:01:00:0\(head) }
              eth1: { network: public, address: 198.51.100.1\(head)\(own6(head)), mac: 52:54:00:02:00:0\(head) }
              eth2: { network: heartbeat, address: 10.2.0.\(head + heartbeatShift), mac: 52:54:00:03:00:0\(head) }
            bmc: { address: 10.3.0.\(head), protocol: ipmi, user: admin, password: secret:bmc/head\(head) }

        """
    }
    // The installer of a clone is in the nodes' image.
    if hasImage {
      text += """
        images:
          compute:
            release: debian/bookworm
            kernel: linux-image-amd64
            install: [\(packages.joined(separator: ", "))]
            files: images/compute

        """
      // No draw of its own, so that seeds that are known tell the same stories.
      if packages == ["numactl"] {
        text += """
              secrets: { /etc/munge/munge.key: { from: secret:generated/munge, permissions: munge:munge 0400 } }

          """
      }
    }
    if nodes > 0 {
      text += """
        nodes:
          - names: node[01-0\(nodes)]
            image: compute
            boot: stateless
            nics: { eth0: { network: private, address: 10.1.\(nodeBlock).1+, mac: 52:54:00:11:00:01+ } }
            bmc: { address: 10.3.1.1+, protocol: ipmi, user: admin, password: secret:bmc/nodes }

        """
    }
    if isHighlyAvailable {
      text += """
        ha:
          addresses: { public: 198.51.100.10, private: 10.1.0.10 }\(hasIPv6 ? "\n  ipv6: { public: 2001:db8:1::10 }" : "")
          services: [dhcp, dns, boot\(spares > 0 ? ", { name: clock, unit: site-clock.service }" : "")]
          monitor: { every: \(monitorSeconds)s, timeout: 10s, restarts: 3 }
          failback: manual
          heartbeat: { links: [private, heartbeat], detect: 1s }
          fencing: { via: bmc }

        """
      if spares > 0 { text += "  spread: { time: { head: head3, services: [clock], address: 10.1.0.11 } }\n" }
    }
    return text + "access:\n  ssh: { user: root }\n"
  }

  /// As the program reads it. Throws with the problems when what was drawn is not valid: a mistake in here.
  package func specification() throws -> Specification {
    let bytes = Array(yaml.utf8)
    let reading = SpecReader.read(bytes, file: "cluster.yaml", keys: WingCatalog.keys)
    guard reading.cluster != nil else { throw UnfitSite(yaml: yaml, problems: reading.diagnostics.map { "\($0)" }) }
    let files = SiteFiles(files: ["images/compute/etc/motd": .init(contents: .text(motd), executable: false)])
    return Specification(
      bytes: bytes, cluster: reading.cluster, files: hasImage ? files : SiteFiles(), diagnostics: reading.diagnostics)
  }
}

/// A drawn site that the reader refuses.
package struct UnfitSite: Error, CustomStringConvertible {
  var yaml: String
  var problems: [String]
  package var description: String { "\(yaml)\n\(problems.joined(separator: "\n"))" }
}
