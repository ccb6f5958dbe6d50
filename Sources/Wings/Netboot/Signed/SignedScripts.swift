// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The scripts that GRUB runs on nodes, signed: see the GNU GRUB manual, "Using digital signatures in GRUB".
///
/// The scripts of all machines whose MAC addresses end with the same octet are one file, so that there are 256
/// signatures to make and not ten thousand. Each machine asks for it by its whole address: see `NginxConfiguration`.
struct SignedScripts {
  private let networks: [String: ServedNetwork]
  private let images: [String: String]
  private let every: Int

  init(_ served: [ServedNetwork], _ published: Publications, nodes: Int) {
    networks = Dictionary(served.filter { $0.serves(.boot) }.map { ($0.network.name, $0) }) { first, _ in first }
    images = published.images.mapValues { "\($0.name)/\($0.digest)" }
    every = NodeReport.interval(nodes: nodes)
  }

  /// Files by their names.
  func files(_ cluster: Cluster) -> [String: TreeGoal.Entry] {
    var texts: [String: String] = [:]
    for node in cluster.nodes {
      guard let nic = cluster.bootNIC(of: node), let mac = nic.mac, let image = images[node.image],
        let served = networks[nic.network], let server = served.server
      else { continue }
      texts[SignedBoot.file(of: mac), default: Self.start] += """
        if [ "$net_default_mac" = "\(mac)" ]; then
          set image=\(image)
          set words='\(words(node, nic, mac, served, server).joined(separator: " "))'
        fi

        """
    }
    return texts.mapValues { TreeGoal.Entry(.text($0 + Self.end)) }
  }

  /// The same arguments as `BootScript.node` and the image's script for iPXE give, and none that DHCP has a say in.
  private func words(
    _ node: ComputeNode, _ nic: NIC, _ mac: MACAddress, _ served: ServedNetwork, _ server: IPv4Address
  ) -> [String] {
    let kernel = node.kernelArguments
    var words = kernel.nameConsoles ? [] : [KernelArguments.consoles]
    words.append("cluster.ip=\(nic.address)/\(served.network.cidr.prefix)")
    if let router = served.router { words.append("cluster.gw=\(router)") }
    words += ["BOOTIF=01-\(mac.hyphenated)", "cluster.report=\(every)", "systemd.hostname=\(node.name)"]
    if let tag = kernel.tag { words += ["\(KernelArguments.reservedPrefix)args=\(tag)"] + kernel.words }
    return words + ["head=\(server)", "mac=\(mac)"]
  }

  private static let start = "# Written by cluster.\nset image=\n"

  /// The part that boots. A variable that is not between quotes falls into words, and none holds what GRUB would expand
  /// again. A script of another image, though it is signed, leaves the digest empty.
  private static let end = """
    set sha256=
    if [ -n "$image" ]; then
      source (http,$server)/images/$image/boot.cfg
    fi
    if [ -n "$sha256" ]; then
      if linux (http,$server)/images/$image/vmlinuz panic=30 boot=cluster cluster.image=http://$server/images/$image/root.squashfs cluster.sha256=$sha256 image=$image $words; then
        if initrd (http,$server)/images/$image/initrd; then
          boot
        fi
      fi
    fi

    """
}
