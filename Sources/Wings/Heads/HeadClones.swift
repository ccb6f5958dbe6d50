// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Heads with `clone_of:`, installed over the network from a capture of the head that they are a clone of.
package enum HeadClones: Wing {
  package static let name = "head-clones"
  package static let kinds: [AnyKind] = [AnyKind(HeadCloneKind.self)]
  package static let probes: [any Probe.Type] = [CloneProbe.self]
  package static let operations: [any HostOperation.Type] = [
    EnsureCapture.self, EnsureClone.self, EnsureCloneAbsent.self,
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
        identity: identityFiles(of: head, cluster, published), deadlineSeconds: deadlineSeconds)
      return Resource(
        HeadCloneKind.id(head.name),
        HeadCloneKind.Desired(
          primary: original, capture: CaptureRecipe(clone: head.name, excluded: HeadCapture.excluded), goal: goal,
          image: image.name, wipe: head.wipe),
        because: "\(head.name) is a clone of \(original)", source: head.source,
        // Only where it is installed: a head that is there does not wait for an image.
        mayComeAfter: [ImageKind.id(image.name)])
    }
  }

  /// The image that nodes boot holds the installer too. `capture_sha256` is set when the capture is known.
  private static func installScript(
    _ head: Head, mac: MACAddress, image: String, prefix: Int, server: IPv4Address
  ) -> String {
    let captures = "http://\(server)/captures/\(head.name)"
    let arguments = [
      "cluster.ip=${netX/ip}/\(prefix)", "cluster.gw=${netX/gateway}", "BOOTIF=01-${netX/mac:hexhyp}",
      "systemd.hostname=\(head.name)", "head=\(server)", "mac=\(mac)", "cluster.install=/dev/vda",
      "cluster.capture=\(captures)/root.squashfs", "cluster.capture_sha256=${capture_sha256}",
      "cluster.identity=\(captures)/identity.tar", "cluster.wipe=\(head.wipe ? "yes" : "no")",
    ]
    return """
      #!ipxe
      # Written by cluster: \(head.name) is being installed.
      set head \(server)
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

/// The files that a captured head keeps to itself: who it is, what only it may know, and what can be had again.
enum HeadCapture {
  /// Patterns of mksquashfs(1); `/*` at the end keeps the folder itself.
  static let excluded = identity + secrets + state + caches

  static let identity = ["/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/ssh/ssh_host_*", "/etc/hostname"]
  static let secrets = [
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "\(WellKnown.secrets)/*", "/etc/corosync/authkey",
    "/etc/pacemaker/authkey", "/root/.ssh/id_*", "/root/.bash_history", "/etc/ssl/private/*",
    "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret",
  ]
  /// The agent's state that goes along, only the list of what it manages: lease, generation, clones and proofs are this
  /// head's own.
  static let state = [
    "/var/lib/cluster/generation*", "/var/lib/cluster/lease*", "/var/lib/cluster/clones", "/var/lib/cluster/fencing",
    "/var/lib/cluster/deadman", "/var/lib/cluster/operations.lock",
    "/var/lib/corosync/*", "/var/lib/pacemaker/*/*", "/var/lib/misc/dnsmasq.leases", "/var/lib/systemd/timers/*",
    "\(WellKnown.captures)/*", "\(WellKnown.cloneScripts)/*",
  ]
  static let caches = [
    "/proc/*", "/sys/*", "/dev/*", "/run/*", "/tmp/*", "/var/tmp/*", "/mnt/*", "/media/*", "/var/cache/apt/*.bin",
    "/var/cache/apt/archives/*.deb", "/var/lib/apt/lists/*_*", "/var/cache/cluster/*", "/var/crash/*", "/lost+found",
    "/swapfile",
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
