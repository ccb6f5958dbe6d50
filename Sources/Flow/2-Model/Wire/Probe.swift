// SPDX-License-Identifier: Apache-2.0

/// A question that an agent can answer about its host. Closed: every case is simulated and fuzzed.
///
/// Answering never changes the host.
package enum Probe: Hashable, Codable, Sendable {
  /// Name, machine id, boot time, operating system.
  case system
  /// One path; its text too when `contents` is set and it is UTF-8 of at most 256 KiB.
  case file(path: String, contents: Bool)
  /// Whether the file holds what the secret says. The secret's bytes travel beside the probe.
  case secretFile(path: String, secret: SecretRef)
  /// Every file below a folder that we own, with digests.
  case tree(root: String)
  /// The installed version of each package, or none.
  case packages([String])
  /// A systemd unit, and whether it runs with the configuration that these files and folders now hold.
  case unit(name: String, configuration: [String])
  /// Every network interface with its addresses and routes.
  case links
  /// A built client image below `/srv/cluster/images`.
  case image(name: String, digest: String)
  /// The record of installing a head as a clone, kept on the head that installed it.
  case clone(head: HostID)
  /// Ring status and quorum, from corosync-cfgtool(8) and corosync-quorumtool(8).
  case corosync
  /// The live CIB as XML, from cibadmin(8).
  case cib
  /// What Pacemaker would start with: the CIB on the disk.
  case storedCIB
  /// Cluster status as XML, from crm_mon(8).
  case crmMon
  /// When the fencing of a head was last proven from this one.
  case fencing(head: HostID)
  /// The newest report of every node that has booted from this head.
  case nodeReports
  /// A machine's power, asked of its BMC.
  case power(BMC)
}

/// What a probe found. The case matches the probe's.
package enum Answer: Hashable, Codable, Sendable {
  case system(SystemState)
  case file(FileState)
  case secretFile(SecretFileState)
  case tree(TreeState)
  /// Versions by package; a package that is not installed is missing.
  case packages([String: String])
  case unit(UnitState)
  case links([LinkState])
  case image(ImageState?)
  case clone(CloneRecord?)
  case corosync(CorosyncState?)
  /// Nil: Pacemaker does not run here.
  case cib(String?)
  /// Nil: there is none.
  case storedCIB(StoredCIB?)
  /// Nil: Pacemaker does not run here.
  case crmMon(String?)
  case fencing(FencingRecord?)
  case nodeReports([NodeReport])
  case power(PowerState)
  /// The host could not tell. Unknown is not absent.
  case failed(AgentError)
}

package struct SystemState: Hashable, Codable, Sendable {
  package var hostname: String
  package var machineID: String
  /// `PRETTY_NAME` of os-release(5).
  package var operatingSystem: String
  /// Changes with every boot: `/proc/sys/kernel/random/boot_id`, or the start time of PID 1 in a container.
  package var bootID: String
  package var uptimeSeconds: Double

  package init(hostname: String, machineID: String, operatingSystem: String, bootID: String, uptimeSeconds: Double) {
    self.hostname = hostname
    self.machineID = machineID
    self.operatingSystem = operatingSystem
    self.bootID = bootID
    self.uptimeSeconds = uptimeSeconds
  }
}

package enum FileState: Hashable, Codable, Sendable {
  case absent
  case file(FileFacts)
  case link(target: String)
  /// A folder, device, socket or pipe.
  case other(String)
}

package struct FileFacts: Hashable, Codable, Sendable {
  package var digest: String
  package var size: Int
  /// Permission bits, as `0o644`.
  package var mode: UInt16
  package var owner: String
  package var group: String
  package var contents: String?
  /// Whether this path was written by us before (so no backup is due).
  package var managed: Bool

  package init(
    digest: String, size: Int, mode: UInt16, owner: String, group: String, contents: String?, managed: Bool
  ) {
    self.digest = digest
    self.size = size
    self.mode = mode
    self.owner = owner
    self.group = group
    self.contents = contents
    self.managed = managed
  }
}

package enum SecretFileState: String, Hashable, Codable, Sendable { case absent, matches, differs }

package struct TreeState: Hashable, Codable, Sendable {
  package var exists: Bool
  /// Digests of regular files, by path relative to the root.
  package var files: [String: String]

  package init(exists: Bool, files: [String: String]) {
    self.exists = exists
    self.files = files
  }
}

package struct UnitState: Hashable, Codable, Sendable {
  package enum Configuration: String, Hashable, Codable, Sendable {
    /// The unit was started or reloaded after its files last changed.
    case loaded
    /// Running, but with an older configuration.
    case stale
    case notRunning
  }

  package var exists: Bool
  package var enabled: Bool
  package var masked: Bool
  /// `ActiveState` of systemctl(1).
  package var active: String
  package var configuration: Configuration

  package init(exists: Bool, enabled: Bool, masked: Bool, active: String, configuration: Configuration) {
    self.exists = exists
    self.enabled = enabled
    self.masked = masked
    self.active = active
    self.configuration = configuration
  }
}

package struct LinkState: Hashable, Codable, Sendable {
  package var name: String
  package var mac: MACAddress?
  package var up: Bool
  /// `address/prefix`, IPv4 only.
  package var addresses: [String]
  /// Default gateways through this link.
  package var gateways: [IPv4Address]

  package init(name: String, mac: MACAddress?, up: Bool, addresses: [String], gateways: [IPv4Address]) {
    self.name = name
    self.mac = mac
    self.up = up
    self.addresses = addresses
    self.gateways = gateways
  }
}

/// The manifest of a built image.
package struct ImageState: Hashable, Codable, Sendable {
  package var name: String
  /// The digest of what it was built from: its identity.
  package var digest: String
  /// SHA-256 of `root.squashfs`.
  package var squashfs: String
  package var bytes: Int
  /// Versions by package.
  package var packages: [String: String]

  package init(name: String, digest: String, squashfs: String, bytes: Int, packages: [String: String]) {
    self.name = name
    self.digest = digest
    self.squashfs = squashfs
    self.bytes = bytes
    self.packages = packages
  }
}

package struct CloneRecord: Hashable, Codable, Sendable {
  package var head: HostID
  /// Digest of the capture that was laid down.
  package var capture: String
  /// Seconds since 1970.
  package var installedAt: Int
  /// The SSH host key that the installer made, as `ssh-ed25519 AAAA…`. Nil: the captured head has no SSH server.
  package var hostKey: String?

  package init(head: HostID, capture: String, installedAt: Int, hostKey: String? = nil) {
    self.head = head
    self.capture = capture
    self.installedAt = installedAt
    self.hostKey = hostKey
  }
}

package struct CorosyncState: Hashable, Codable, Sendable {
  package struct Link: Hashable, Codable, Sendable {
    package var number: Int
    package var address: String
    package var connected: Bool

    package init(number: Int, address: String, connected: Bool) {
      self.number = number
      self.address = address
      self.connected = connected
    }
  }

  package var quorate: Bool
  package var links: [Link]
  package var encrypted: Bool
  /// Names of the members now.
  package var members: [String]

  package init(quorate: Bool, links: [Link], encrypted: Bool, members: [String]) {
    self.quorate = quorate
    self.links = links
    self.encrypted = encrypted
    self.members = members
  }
}

/// What a CIB on a disk would have Pacemaker do.
package struct StoredCIB: Hashable, Codable, Sendable {
  /// It has elements of ours.
  package var isManaged: Bool
  /// In maintenance mode Pacemaker touches nothing.
  package var isPaused: Bool

  package init(isManaged: Bool, isPaused: Bool) {
    self.isManaged = isManaged
    self.isPaused = isPaused
  }
}

package struct FencingRecord: Hashable, Codable, Sendable {
  package var head: HostID
  /// Where the BMC was, so that a moved BMC needs a new proof.
  package var address: IPv4Address
  /// Seconds since 1970.
  package var provenAt: Int

  package init(head: HostID, address: IPv4Address, provenAt: Int) {
    self.head = head
    self.address = address
    self.provenAt = provenAt
  }
}

/// What a node said of itself, over HTTP to the address of the heads that it booted from.
package struct NodeReport: Hashable, Codable, Sendable {
  package enum Stage: String, Hashable, Codable, CaseIterable, Sendable {
    /// The head was about to switch it on, or off and on: what it said before was said by a boot that is over. From
    /// the head itself.
    case powered
    /// DHCP answered; from dnsmasq's log or lease file.
    case dhcp
    /// The boot script was fetched.
    case script
    /// The image's root was fetched.
    case image
    /// systemd is up and the node reports.
    case ready
    /// The image did not match its digest.
    case failed
  }

  package var mac: MACAddress
  package var stage: Stage
  /// The image the node says it runs or fetched, as `name/digest`.
  package var image: String?
  /// Whether the node itself checked the image's SHA-256.
  package var verified: Bool
  /// Seconds since it was heard, by the head's clock: those of two machines need not agree.
  package var age: Int
  /// Seconds the node had been up when it reported.
  package var uptime: Int?
  package var detail: String?
  /// The head's address that the node spoke to. Nil: unknown, where the log was written by an earlier version.
  package var server: IPv4Address?
  /// Seconds since the newest `ready` before this report, if this is another one. Nil: there was none.
  package var readyAge: Int?
  /// Seconds since the head switched the node's power, if that was before this report. Nil: it did not.
  package var poweredAge: Int?

  /// Seconds for which a node that was ready is taken to be at work still, whatever is said of it later.
  package static let lately = 600

  package init(
    mac: MACAddress, stage: Stage, image: String?, verified: Bool, age: Int, uptime: Int?, detail: String? = nil,
    server: IPv4Address? = nil, readyAge: Int? = nil, poweredAge: Int? = nil
  ) {
    self.mac = mac
    self.stage = stage
    self.image = image
    self.verified = verified
    self.age = age
    self.uptime = uptime
    self.detail = detail
    self.server = server
    self.readyAge = readyAge
    self.poweredAge = poweredAge
  }

  /// Seconds since the newest `ready`, be it this report or one before.
  package var lastReady: Int? { stage == .ready ? age : readyAge }
  /// Seconds since the head switched the node's power, be it this report or one before.
  package var lastPowered: Int? { stage == .powered ? age : poweredAge }

  /// Whether the node was ready within the last minutes, and its power was not switched since: it may be at work.
  ///
  /// Anybody on the boot network can report for a node. So a later report that it failed informs, and does not decide.
  package var wasReadyLately: Bool {
    guard let ready = lastReady, ready <= Self.lately else { return false }
    return lastPowered.map { $0 > ready } ?? true
  }

  /// This report with what another head has heard of the node before.
  package func joined(with other: NodeReport) -> NodeReport {
    var newest = other.age < age ? other : self
    if newest.stage != .ready { newest.readyAge = [lastReady, other.lastReady].compactMap(\.self).min() }
    if newest.stage != .powered { newest.poweredAge = [lastPowered, other.lastPowered].compactMap(\.self).min() }
    return newest
  }

  /// Whether the node speaks to another address than this one. False while either is unknown.
  package func speaks(toAnotherThan server: IPv4Address?) -> Bool {
    guard let server, let mine = self.server else { return false }
    return mine != server
  }
}

package enum PowerState: String, Hashable, Codable, Sendable { case on, off }
