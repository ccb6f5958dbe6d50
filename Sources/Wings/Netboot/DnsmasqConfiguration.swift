// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// dnsmasq's configuration on one head: see dnsmasq(8).
struct DnsmasqConfiguration {
  let cluster: Cluster
  let head: Head
  let served: [ServedNetwork]
  /// The network on which most nodes meet the heads.
  let main: Network
  let scale: BootScale

  var text: String {
    let lines = ["# Written by cluster; changes made here are undone."] + interfaces + ["bind-dynamic"]
    return (lines + dns + dhcp + boot).joined(separator: "\n") + "\n"
  }

  /// The cards by which requests come in, each once.
  private var interfaces: [String] {
    let entries = Set(served.map(\.entry.name))
    return head.nics.filter { entries.contains($0.network) }.map { "interface=\($0.name)" }
  }

  /// The beginning of a setting that is for one network alone. Of one network all are.
  private func only(_ network: ServedNetwork) -> String { tags > 1 ? "tag:\(Self.tag(network))," : "" }
  /// Networks are called as their sites please, and `known`, `ipxe` and names of cards are tags already.
  private static func tag(_ served: ServedNetwork) -> String { "net-\(served.network.name)" }
  private var tags: Int { served.count { $0.serves(.dhcp) } }

  /// A name that several networks have an address of, is told by the one of the network that asks.
  private var dns: [String] {
    guard served.contains(where: { $0.serves(.dns) }) else { return ["port=0"] }
    var lines = ["", "# Names: ours from a folder, all others from the site's resolvers.", "domain=\(cluster.domain)"]
    if Names.localNames(cluster) == nil {
      lines.append("local=/\(cluster.domain)/")
    } else {
      lines += [
        "# The site has names in this domain too: what is not ours is asked there.", "servers-file=\(Names.localFile)",
      ]
    }
    lines += ["expand-hosts", "domain-needed", "no-hosts", "no-resolv", "hostsdir=\(WellKnown.dnsHosts)"]
    if Set(served.compactMap(\.server)).count > 1 { lines.append("localise-queries") }
    lines.append("# Addresses of these networks have the names that are here, and no others.")
    lines += served.filter { $0.serves(.dns) }.map { "rev-server=\($0.network.cidr)" }
    return lines + cluster.resolvers.map { "server=\($0)" }
  }

  /// Both heads know all reservations, so either may answer for an address that the other gave out. So no lease is
  /// kept on the disk: what a head that served last year remembers of a machine would stand against the description,
  /// and writing all leases for each that is given takes the square of their number. Whoever renews a lease that
  /// dnsmasq has forgotten keeps it: see dnsmasq(8), `--dhcp-authoritative`.
  ///
  /// No address of the range is pinged first: all others wait up to 3 s for it, and anybody may ask with MAC addresses
  /// of his own making. Each machine's address follows from its MAC address, so it gets the same again.
  private var dhcp: [String] {
    let networks = served.filter { $0.serves(.dhcp) }
    guard !networks.isEmpty else { return [] }
    return ["", "# Addresses: fixed ones by MAC from a folder; the others from a range, for a short time."]
      + networks.map(range) + [
        "dhcp-authoritative", "leasefile-ro", "no-ping", "dhcp-lease-max=\(scale.leases)",
        "dhcp-hostsdir=\(WellKnown.dhcpHosts)", "dhcp-ignore-names=tag:!known",
      ] + networks.flatMap(options)
  }

  private func range(_ served: ServedNetwork) -> String {
    let network = served.network
    let tag = tags > 1 ? "set:\(Self.tag(served))," : ""
    if let range = network.dynamic { return "dhcp-range=\(tag)\(range.first),\(range.last),\(network.cidr.mask),10m" }
    return "dhcp-range=\(tag)\(network.cidr.address),static,\(network.cidr.mask)"
  }

  private func options(_ served: ServedNetwork) -> [String] {
    let tag = only(served)
    var lines = [
      // With no address none is announced; without the line dnsmasq itself would be, and not every head routes.
      "dhcp-option=\(tag)option:router" + (served.router.map { ",\($0)" } ?? "")
    ]
    // 0.0.0.0: the address of whichever head answers.
    if served.serves(.dns) {
      let server = served.server.map { "\($0)" } ?? "0.0.0.0"
      lines.append("dhcp-option=\(tag)option:dns-server,\(server)")
    } else if self.served.contains(where: { $0.serves(.dns) }) {
      // Else dnsmasq names itself.
      lines.append("dhcp-option=\(tag)option:dns-server")
    }
    if !Names.search(cluster).isEmpty {
      let domains = [cluster.domain] + Names.search(cluster)
      lines.append("dhcp-option=\(tag)option:domain-search,\(domains.joined(separator: ","))")
    }
    // Services of the heads are known by their address on the main network, which the same head has. RFC 3442: with
    // this option the router is not looked at.
    if let server = served.server, let first = cluster.server(of: main), server != first, served.network.relay == nil,
      served.serves(.boot)
    {
      let others = served.router.map { ",0.0.0.0/0,\($0)" } ?? ""
      lines.append("dhcp-option=\(tag)option:classless-static-route,\(first)/32,\(server)\(others)")
    }
    return lines
  }

  private var boot: [String] {
    let networks = served.filter { $0.serves(.boot) }
    guard !networks.isEmpty else { return [] }
    let signed =
      isSigned
      ? ["# Nodes get GRUB, which boots only what is signed: also those whose firmware is iPXE."]
        + networks.flatMap(loaders)
      : []
    return [
      "", "# Plain firmware gets iPXE over TFTP; iPXE gets its first script over HTTP.",
      "enable-tftp", "tftp-root=\(isSigned ? WellKnown.signedBoot : "/usr/lib/ipxe")", "tftp-single-port",
      "tftp-max=\(scale.transfers)",
      "dhcp-match=set:bios,option:client-arch,0", "dhcp-match=set:efi64,option:client-arch,7",
      "dhcp-match=set:efi64,option:client-arch,9", "dhcp-match=set:efihttp,option:client-arch,16",
    ] + Self.others.map { "dhcp-match=set:other,option:client-arch,\($0)" } + [
      "dhcp-match=set:ipxe,175", "dhcp-userclass=set:ipxe,iPXE",
    ] + signed + networks.flatMap(files) + [
      "# no-pxedhcp: do not wait for a ProxyDHCP offer (ipxe.org/howto/dhcpd).",
      "dhcp-option=tag:ipxe,encap:175,176,1b",
    ]
  }

  /// The tag of machines that boot signed, in `BootMachines.reservations`.
  static let signed = "signed"
  private var isSigned: Bool { SignedBoot.asked(cluster) != nil }

  /// The name of the network in files, where its machines find the heads at another address than most.
  private func name(_ served: ServedNetwork) -> String? {
    served.server == cluster.server(of: main) ? nil : served.network.name
  }

  private func loaders(_ served: ServedNetwork) -> [String] {
    guard let server = served.server else { return [] }
    let (tag, file) = ("\(only(served))tag:\(Self.signed),", SignedBoot.loader(name(served)))
    return [
      "dhcp-boot=\(tag)tag:bios,\(file).\(SignedBoot.Loader.bios.rawValue),,\(server)",
      "dhcp-boot=\(tag)tag:efi64,\(file).\(SignedBoot.Loader.uefi.rawValue),,\(server)",
      "# GRUB does not learn its address from UEFI's HTTP boot: such firmware has to boot by PXE.",
      "dhcp-boot=\(tag)tag:efihttp,http://\(server)/\(Self.noHTTPBoot)",
    ]
  }

  private func files(_ served: ServedNetwork) -> [String] {
    guard let server = served.server else { return [] }
    let tag = only(served) + (isSigned ? "tag:!\(Self.signed)," : "")
    let script = BootScript.file("boot", name(served))
    return [
      "dhcp-boot=\(tag)tag:!ipxe,tag:bios,undionly.kpxe,,\(server)",
      "dhcp-boot=\(tag)tag:!ipxe,tag:efi64,ipxe.efi,,\(server)",
      "# UEFI's own HTTP boot takes an answer that says so.",
      "dhcp-option-force=\(only(served))tag:efihttp,60,HTTPClient",
      "dhcp-boot=\(tag)tag:!ipxe,tag:efihttp,http://\(server)/ipxe.efi",
      "# There is no iPXE for these: their firmware shows the name of the file that it does not get.",
      "dhcp-boot=\(only(served))tag:!ipxe,tag:other,\(Self.noSuchFile),,\(server)",
      "dhcp-boot=\(tag)tag:ipxe,http://\(server)/\(script)",
    ]
  }

  /// Client architectures that Debian's iPXE is not built for, by their numbers at IANA ("Processor Architecture
  /// Types"): IA32 and ARM, over TFTP and over HTTP.
  private static let others = [6, 10, 11, 15, 18, 19]
  private static let noHTTPBoot = "signed-boot-needs-pxe"
  private static let noSuchFile = "cluster-boots-x86-64-machines-only"
}
