// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// dnsmasq's configuration on one head: see dnsmasq(8).
struct DnsmasqConfiguration {
  let cluster: Cluster
  let network: Network
  let nic: NIC
  let server: IPv4Address
  let scale: BootScale

  var text: String {
    let lines = ["# Written by cluster; changes made here are undone.", "interface=\(nic.name)", "bind-dynamic"]
    return (lines + dns + dhcp + boot).joined(separator: "\n") + "\n"
  }

  private var dns: [String] {
    guard network.serves.contains(.dns) else { return ["port=0"] }
    return [
      "", "# Names: ours from a folder, all others from the site's resolvers.",
      "domain=\(cluster.domain)", "local=/\(cluster.domain)/", "expand-hosts", "domain-needed", "bogus-priv",
      "no-hosts",
      "no-resolv", "hostsdir=\(WellKnown.dnsHosts)",
    ] + cluster.networks.flatMap(\.dns).map { "server=\($0)" }
  }

  /// Both heads know all reservations, so either may answer for an address that the other gave out. So no lease is
  /// kept on the disk: what a head that served last year remembers of a machine would stand against the description,
  /// and writing all leases for each that is given takes the square of their number. Whoever renews a lease that
  /// dnsmasq has forgotten keeps it: see dnsmasq(8), `--dhcp-authoritative`.
  ///
  /// No address of the range is pinged first: all others wait up to 3 s for it, and anybody may ask with MAC addresses
  /// of his own making. Each machine's address follows from its MAC address, so it gets the same again.
  private var dhcp: [String] {
    guard network.serves.contains(.dhcp) else { return [] }
    var lines = ["", "# Addresses: fixed ones by MAC from a folder; the others from a range, for a short time."]
    if let range = network.dynamic {
      lines.append("dhcp-range=\(range.first),\(range.last),\(network.cidr.mask),10m")
    } else {
      lines.append("dhcp-range=\(network.cidr.address),static,\(network.cidr.mask)")
    }
    lines += [
      "dhcp-authoritative", "leasefile-ro", "no-ping", "dhcp-lease-max=\(scale.leases)",
      "dhcp-hostsdir=\(WellKnown.dhcpHosts)", "dhcp-ignore-names=tag:!known",
      // With no address none is announced; without the line dnsmasq itself would be, and heads do not route.
      "dhcp-option=option:router" + (network.gateway.map { ",\($0)" } ?? ""),
    ]
    if network.serves.contains(.dns) { lines.append("dhcp-option=option:dns-server,\(server)") }
    return lines
  }

  private var boot: [String] {
    guard network.serves.contains(.boot) else { return [] }
    return [
      "", "# Plain firmware gets iPXE over TFTP; iPXE gets its first script over HTTP.",
      "enable-tftp", "tftp-root=/usr/lib/ipxe", "tftp-single-port", "tftp-max=\(scale.transfers)",
      "dhcp-match=set:bios,option:client-arch,0", "dhcp-match=set:efi64,option:client-arch,7",
      "dhcp-match=set:efi64,option:client-arch,9", "dhcp-match=set:efihttp,option:client-arch,16",
    ] + Self.others.map { "dhcp-match=set:other,option:client-arch,\($0)" } + [
      "dhcp-match=set:ipxe,175", "dhcp-userclass=set:ipxe,iPXE",
      "dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe,,\(server)", "dhcp-boot=tag:!ipxe,tag:efi64,ipxe.efi,,\(server)",
      "# UEFI's own HTTP boot takes an answer that says so.",
      "dhcp-option-force=tag:efihttp,60,HTTPClient", "dhcp-boot=tag:!ipxe,tag:efihttp,http://\(server)/ipxe.efi",
      "# There is no iPXE for these: their firmware shows the name of the file that it does not get.",
      "dhcp-boot=tag:!ipxe,tag:other,\(Self.noSuchFile),,\(server)",
      "dhcp-boot=tag:ipxe,http://\(server)/boot.ipxe",
      "# no-pxedhcp: do not wait for a ProxyDHCP offer (ipxe.org/howto/dhcpd).",
      "dhcp-option=tag:ipxe,encap:175,176,1b",
    ]
  }

  /// Client architectures that Debian's iPXE is not built for, by their numbers at IANA ("Processor Architecture
  /// Types"): IA32 and ARM, over TFTP and over HTTP.
  private static let others = [6, 10, 11, 15, 18, 19]
  private static let noSuchFile = "cluster-boots-x86-64-machines-only"
}
