// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings

/// One machine as a value: what is on its disk, what runs on it, what went wrong with it.
///
/// Its rules are those of the real agent, in words there and here; the contract suite runs against both.
package struct FakeMachine: Hashable, Codable, Sendable {
  package struct File: Hashable, Codable, Sendable {
    package var bytes: [UInt8] { didSet { (memo, textMemo) = (Lazy(), Lazy()) } }
    package var mode: UInt16
    package var owner: String
    /// When it last changed, in the machine's own steps: see `tick`.
    package var changed: Int
    private var memo = Lazy<String>()
    private var textMemo = Lazy<String?>()

    /// The digest of the bytes; computed once for all copies of the file.
    package var digest: String { memo.value { SHA256.hex(bytes) } }
    /// The text of the file. Nil when it is not UTF-8.
    var text: String? { textMemo.value { String(validating: bytes, as: UTF8.self) } }

    private enum CodingKeys: String, CodingKey { case bytes, mode, owner, changed }

    package init(bytes: [UInt8], mode: UInt16 = 0o644, owner: String = "root:root", changed: Int = 0) {
      self.bytes = bytes
      self.mode = mode
      self.owner = owner
      self.changed = changed
    }
  }

  package struct Unit: Hashable, Codable, Sendable {
    package var enabled: Bool
    /// Its file does not say how to enable it: it counts as enabled, and does not start by itself.
    package var isFixed = false
    package var masked = false
    package var active = "inactive"
    /// The step in which it last read its configuration.
    package var loaded = 0
    package var canReload = true
    /// Somebody has changed what it put into the kernel.
    package var isAltered = false

    package init(enabled: Bool, active: String = "inactive") {
      self.enabled = enabled
      self.active = active
    }
  }

  /// A package as the mirror offers it.
  package struct Offer: Hashable, Codable, Sendable {
    package var version: String
    package var depends: [String] = []
    /// Units that come with it; installed enabled and not started, as Debian's are under policy-rc.d.
    package var units: [String] = []
    /// The version that the suite of security updates has. Nil: it has none.
    package var security: String?

    package init(version: String, depends: [String] = [], units: [String] = []) {
      self.version = version
      self.depends = depends
      self.units = units
    }
  }

  package var hostname: String
  package var machineID: String
  /// Where its BMC answers, so that it need not be looked for among those of all nodes.
  var board: String?
  package var files: [String: File] = [:]
  /// Symbolic links: targets by path.
  package var symbolicLinks: [String: String] = [:]
  package var folders: Set<String> = []
  /// Paths and roots that we wrote, and what was there before.
  package var managed: [String: Backup] = [:]
  /// Packages with units or dependencies; the mirror has all others too, but for those it lacks.
  package var offers: [String: Offer] = [:]
  package var lacks: Set<String> = ["no-such-package"]
  package var installed: [String: String] = [:]
  package var ours: Set<String> = []
  /// Accounts of daemons that we made, or that somebody made before.
  package var accounts: Set<SystemUser> = []
  /// Folders that are mounted from elsewhere, by path.
  package var shares: [String: StateFolder] = [:]
  /// Its copy of the replicated state.
  var replica: ReplicaGoal?
  package var units: [String: Unit] = [:]
  package var links: [LinkState] = []
  /// The card that has failed, as it was before. Nil: none has.
  var lostCard: LinkState?
  /// Addresses that the installer of the operating system wrote down: they come back with every boot.
  package var installedAddresses: [String: [String]] = [:]
  /// The addresses that each interface was last given by its file.
  var ownAddresses: [String: String] = [:]
  var ownIPv6: [String: String] = [:]
  package var images: [String: ImageState] = [:]
  package var imageRecipes: [String: ImageRecipe] = [:]
  /// Seconds since 1970, by the names of images.
  package var imagesMadeAt: [String: Int] = [:]
  package var captures: Set<HostID> = []
  package var clones: [HostID: CloneRecord] = [:]
  package var fencing: [String: FencingRecord] = [:]
  /// The reports of nodes about themselves, and when: seconds since 1970.
  package var reports: [MACAddress: Heard] = [:]
  /// The checks in the identities that it has for nodes, by their names. Nil: none has any.
  package var nodeChecks: [String: FakeNodeChecks]?
  /// The run that cycled the power of each BMC's machine last, through this head.
  package var powerCycles: [String: String] = [:]
  /// Tests of fencing that this head has carried out, by the head that was cut.
  package var fenceTests: [HostID: FenceTest] = [:]
  /// Results of checks, by run and check.
  package var checkNotes: [String: [String: [CheckResult]]] = [:]
  package var lease = FakeLease()
  package var deadMan = FakeDeadMan()
  /// The address over which one comes in. Nil: over any, so that no change of addresses cuts the machine off.
  package var way: IPv4Address?
  package var faults = Faults()
  package var boots = 1
  /// Seconds that its clock is ahead.
  package var clockAhead = 0
  /// When a file below a folder last went away.
  package var foldersChanged: [String: Int] = [:]
  /// Counts changes, so that "newer than" can be told without a clock.
  package private(set) var tick = 1

  package struct Heard: Hashable, Codable, Sendable {
    package var report: NodeReport
    package var at: Int

    package init(report: NodeReport, at: Int) {
      self.report = report
      self.at = at
    }
  }

  /// The earlier contents of a managed path.
  package enum Backup: Hashable, Codable, Sendable {
    case nothing
    case file(File)
    case link(String)
    case tree([String: File])
  }

  package struct Faults: Hashable, Codable, Sendable {
    /// The disk takes no more than so many bytes from now on. Nil: it has room.
    package var freeBytes: Int?
    package var unreachable = false
    /// It shows a host key that nobody has accepted yet.
    package var isStrange = false
    /// The package mirror does not answer.
    package var mirrorDown = false
    /// Probes that the host fails to answer, by the first word of the case: `links`.
    package var deafTo: Set<String> = []
    /// Operations that its agent is too old to know, by name.
    package var unableTo: Set<String> = []

    package init() {}
  }

  package init(hostname: String, links: [LinkState] = [], offers: [String: Offer] = FakeMachine.debian) {
    self.hostname = hostname
    self.links = links
    for link in links {
      installedAddresses[link.name] = link.addresses
      ownAddresses[link.name] = link.addresses.first
    }
    self.offers = offers
    machineID = String(SHA256.hex(hostname).prefix(32))
    units["systemd-networkd.service"] = Unit(enabled: false)
    units["ssh.service"] = Unit(enabled: true, active: "active")
  }

  /// Somebody changed the path just now.
  package mutating func touch(_ path: String) {
    let now = step()
    if files[path] == nil { foldersChanged[path] = now } else { files[path]?.changed = now }
  }

  package mutating func step() -> Int {
    tick += 1
    return tick
  }

  /// Takes room on the disk, or says that there is none.
  package mutating func take(_ bytes: Int, for what: String) throws(AgentError) {
    guard let free = faults.freeBytes else { return }
    guard bytes <= free else {
      throw AgentError(
        .diskFull, "\(what) cannot be written", cause: "No space left on device", next: "Free some space (`df -h`).")
    }
    faults.freeBytes = free - bytes
  }

  /// Power lost and found again: what is on the disk stays, and addresses that are in no file are gone.
  package mutating func restart() {
    boots += 1
    undo(isBoot: true)
    lease.restart()
    for index in links.indices {
      links[index].setAddresses(configuredAddresses(links[index]))
      links[index].setGateways6(configuredGateways6(links[index]))
    }
    for name in units.keys {
      let starts = units[name].map { $0.enabled && !$0.isFixed && !$0.masked } ?? false
      let now = step()
      units[name]?.active = starts ? "active" : "inactive"
      units[name]?.loaded = now
      units[name]?.isAltered = false
    }
  }
}

extension FakeMachine {
  /// Packages of Debian that bring units or each other along.
  package static let debian: [String: Offer] = [
    "ipmitool": Offer(version: "1.8.19-4+deb12u1", units: ["ipmievd.service"]),
    "logrotate": Offer(version: "3.21.0-1", units: ["logrotate.timer"]),
    "dnsmasq": Offer(version: "2.90-4~deb12u1", depends: ["dnsmasq-base"], units: ["dnsmasq.service"]),
    "nfs-kernel-server": Offer(version: "1:2.6.2-4+deb12u1", units: ["nfs-server.service"]),
    "nginx-light": Offer(version: "1.22.1-9", units: ["nginx.service"]),
    "chrony": Offer(version: "4.3-2+deb12u1", units: ["chrony.service"]),
    "corosync": Offer(version: "3.1.7-1", units: ["corosync.service"]),
    "corosync-qdevice": Offer(version: "3.0.3-1", depends: ["corosync"], units: ["corosync-qdevice.service"]),
    "pacemaker": Offer(version: "2.1.5-1+deb12u1", depends: ["corosync"], units: ["pacemaker.service"]),
    "drbd-utils": Offer(version: "9.22.0-1", units: ["drbd.service"]),
    "rsync": Offer(version: "3.2.7-1", units: ["rsync.service"]),
  ]

  package func offer(_ name: String) -> Offer? {
    lacks.contains(name) ? nil : offers[name] ?? Offer(version: "1.0-1")
  }
}
