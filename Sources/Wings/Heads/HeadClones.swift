// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Heads with `clone_of:`, installed over the network from a capture of the head that they are a clone of.
package enum HeadClones: Wing {
  package static let name = "head-clones"
  package static let kinds: [AnyKind] = [AnyKind(HeadCloneKind.self)]
  package static let probes: [any Probe.Type] = [CloneProbe.self, SSHPortProbe.self]
  package static let operations: [any HostOperation.Type] = [
    EnsureCapture.self, EnsureClone.self, EnsureCloneNoted.self, EnsureCloneAbsent.self,
  ]
  /// From power-on to SSH: slow firmware takes minutes before it asks for an address.
  private static let deadlineSeconds = 1800

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let network = cluster.bootNetwork, let image = cluster.images.first,
      let server = published.serviceAddress, let identity = published.identity(ofImage: image.name)
    else { return [] }
    return cluster.heads.compactMap { head -> Resource? in
      guard let original = head.cloneOf, let bmc = head.bmc, let nic = head.nic(on: network.name), let mac = nic.mac
      else { return nil }
      let script = installScript(
        head, mac: mac, image: identity, prefix: network.cidr.prefix, server: server)
      let goal = CloneGoal(
        head: head.name, bmc: bmc, mac: mac, address: nic.address,
        bootScript: "\(WellKnown.cloneScripts)/\(mac.hyphenated).ipxe", installScript: script,
        identity: identityFiles(of: head, cluster, published), deadlineSeconds: deadlineSeconds,
        firmware: head.firmware == .auto ? nil : head.firmware)
      return Resource(
        HeadCloneKind.id(head.name),
        HeadCloneKind.Desired(
          primary: original,
          capture: CaptureRecipe(
            clone: head.name, excluded: HeadCapture.excluded, kept: head.keep + waysIn(cluster.access)), goal: goal,
          image: image.name, wipe: head.wipe, disk: head.disk ?? .only),
        because: "\(head.name) is a clone of \(original)", source: head.source,
        // Only where it is installed: a head that is there does not wait for an image.
        mayComeAfter: [ImageKind.id(image.name)])
    }
  }

  /// The files that let an administrator in who is not root. They tell who may, and hold no keys.
  private static func waysIn(_ access: Access) -> [String] {
    access.user == "root" ? [] : ["/etc/sudoers", "/etc/sudoers.d", "/home/\(access.user)/.ssh/authorized_keys"]
  }

  /// The question to its original for the host key that it has made for a clone, and what is in the answer.
  package static func keyProbe(of clone: HostID) -> AnyProbe { AnyProbe(CloneProbe(clone)) }
  package static func key(in answer: AnyAnswer) -> String? {
    // An original that cannot tell vouches for nobody.
    (try? answer.value(of: CloneProbe.self))??.hostKey
  }

  /// Where a clone is seen from its original. Nil: it is none.
  package static func address(of head: Head, _ cluster: Cluster) -> IPv4Address? {
    guard head.cloneOf != nil, let network = cluster.bootNetwork else { return nil }
    return head.nic(on: network.name)?.address
  }

  /// The image that nodes boot holds the installer too. `head_key` is made for each installation.
  private static func installScript(
    _ head: Head, mac: MACAddress, image: String, prefix: Int, server: IPv4Address
  ) -> String {
    let captures = "http://\(server)/captures/\(head.name)"
    let arguments = [
      "cluster.ip=${netX/ip}/\(prefix)", "cluster.gw=${netX/gateway}", "BOOTIF=01-${netX/mac:hexhyp}",
      "systemd.hostname=\(head.name)", "head=\(server)", "mac=\(mac)",
      "cluster.install=\(head.disk?.argument ?? DiskRule.only.argument)",
      "cluster.capture=\(captures)", "cluster.head_key=${head_key}", "cluster.wipe=\(head.wipe ? "yes" : "no")",
    ]
    return """
      #!ipxe
      # Written by cluster: \(head.name) is being installed.
      set head \(server)
      set consoles \(KernelArguments.consoles)
      set nodeargs \(arguments.joined(separator: " "))
      chain --replace --autofree http://\(server)/images/\(image)/boot.ipxe

      """
  }

  /// Enough for the clone to answer under its own name and addresses; everything else is levelled afterwards.
  private static func identityFiles(
    of head: Head, _ cluster: Cluster, _ published: Publications
  ) -> [String: Content] {
    var files: [String: Content] = ["/etc/hostname": .text("\(head.name)\n")]
    let wanted = Heads.resources(cluster, SiteFiles(), published).filter { $0.id.host == head.name }
    for resource in wanted {
      if let file = resource.desired as? FileKind.Desired, file.file.path.hasPrefix("/etc/") {
        files[file.file.path] = file.file.contents
      }
      if let link = resource.desired as? LinkKind.Desired {
        files[LinkKind.path(link.link.interface)] = .text(LinkKind.contents(link.link))
      }
    }
    return files
  }
}

/// The files that a captured head keeps to itself beside those that their kind keeps there (`CaptureSelection`): who it
/// is, and what can be had again.
enum HeadCapture {
  /// Patterns of fnmatch(3); `/*` at the end keeps the folder itself.
  static let excluded = identity + secrets + state + caches

  /// Two machines with one of these are taken for the same one. The installer gives the clone its own.
  static let identity =
    [
      "/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/ssh/ssh_host_*", "/etc/hostname", "/etc/mailname",
      "/etc/iscsi/initiatorname.iscsi", "/etc/nvme/hostnqn", "/etc/nvme/hostid", "/var/lib/systemd/random-seed",
      "/var/lib/systemd/credential.secret",
    ] + addresses + disks
  /// Whoever manages its cards: a clone with an address of the original takes the original off the network.
  private static let addresses = [
    "/etc/network/interfaces", "/etc/network/interfaces.d/*", "/etc/netplan/*", "/etc/systemd/network/*",
    "/etc/NetworkManager/system-connections/*", "/etc/udev/rules.d/*-net.rules", "/var/lib/dhcp/*",
    "/var/lib/NetworkManager/*", "/etc/hosts", "/etc/resolv.conf",
  ]
  /// Names of disks and file systems, which are others on the clone.
  private static let disks = [
    "/etc/fstab", "/etc/crypttab", "/etc/mdadm/mdadm.conf", "/etc/lvm/archive/*", "/etc/lvm/backup/*",
    "/etc/initramfs-tools/conf.d/resume", "/boot/grub/grub.cfg", "/boot/grub/grubenv", "/boot/grub/device.map",
  ]
  static let secrets = [
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "\(WellKnown.secrets)/*", "/etc/corosync/authkey",
    "/etc/pacemaker/authkey", "/etc/ssl/private/*",
  ]
  static let state = [
    "/var/lib/corosync/*", "/var/lib/pacemaker/*/*", "/var/lib/misc/dnsmasq.leases", "/var/lib/systemd/timers/*",
    "\(WellKnown.captures)/*", "\(WellKnown.cloneScripts)/*", "/var/backups/*", "/var/mail/*",
  ]
  static let caches = [
    "/var/tmp/*", "/var/cache/apt/*.bin", "/var/cache/apt/archives/*.deb", "/var/lib/apt/lists/*_*",
    "/var/cache/cluster/*", "/var/crash/*", "/swapfile", "/swap.img",
  ]

  /// For the plan.
  static let leftOut = [
    "left out: the head's identity, its addresses, names of its disks, logs, caches, the agent's own notes and backups",
    "left out: what only some may read and no package brought, as keys and passwords are; what people own",
    "left out: /home, /root but for authorized_keys, /srv but for the cluster's, what daemons keep in /var/lib",
    "left out: file systems other than /, /boot, /usr, /opt and /var; folders below / that are not Debian's",
  ]
}

extension Expansion {
  /// A head is cloned when its original is complete: after everything on the original that does not itself need the
  /// clone.
  static func orderClones(_ resources: [Resource]) -> [Resource] {
    let clones = resources.filter { $0.establishes != nil }
    guard !clones.isEmpty else { return resources }
    let needing = needing(Set(clones.compactMap(\.establishes)), resources)
    return resources.map { resource in
      guard resource.establishes != nil, let desired = resource.desired as? HeadCloneKind.Desired else {
        return resource
      }
      var resource = resource
      let own = Set(resource.after)
      resource.after += resources.lazy.map(\.id).filter { id in
        !needing.contains(id) && !own.contains(id) && (id.host == desired.primary || id.kind == ImageKind.name)
      }
      return resource
    }
  }

  /// The resources on hosts that clones make, and all that comes after one of them.
  private static func needing(_ hosts: Set<HostID>, _ resources: [Resource]) -> Set<ResourceID> {
    var found = Set(
      resources.filter { $0.establishes != nil || $0.id.host.map(hosts.contains) == true }.map(\.id))
    var before = -1
    while found.count != before {
      before = found.count
      for resource in resources where resource.after.contains(where: found.contains) { found.insert(resource.id) }
    }
    return found
  }
}
