// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Templates

/// The whole of `cluster.yaml`, read, expanded and checked. Lists keep the order of the file.
package struct Cluster: Hashable, Sendable {
  package var name: String { didSet { filled = Lazy() } }
  package var domain: String { didSet { filled = Lazy() } }
  package var repositories: Repositories
  package var networks: [Network] { didSet { filled = Lazy() } }
  package var heads: [Head] { didSet { filled = Lazy() } }
  package var images: [ClientImage] { didSet { filled = Lazy() } }
  /// One entry per machine: hostlists are expanded.
  package var nodes: [ComputeNode] { didSet { filled = Lazy() } }
  package var ha: HighAvailabilityPolicy? { didSet { filled = Lazy() } }
  package var access: Access
  /// Values of the keys that wings have declared, by key.
  package var settings: [String: Setting]
  /// The package sets that are turned on, as the description names them.
  package var setRequests: [SetRequest] = []
  /// The sets themselves, read from the files beside the description: see `SpecReader.sets`.
  package private(set) var sets: [PackageSet] = []
  /// Tables of nodes, files beside the description.
  package var tables: [String] = []
  private var filled = Lazy<FilledSets>()
  /// Settings of sets that node groups give, by the place of the group.
  package var groupRequests: [SourceSpan: [SetRequest]] = [:]
  /// Where the top-level mapping begins.
  package var source: SourceSpan

  package init(
    name: String, domain: String, repositories: Repositories, networks: [Network], heads: [Head],
    images: [ClientImage], nodes: [ComputeNode], ha: HighAvailabilityPolicy?, access: Access,
    settings: [String: Setting] = [:], source: SourceSpan
  ) {
    self.name = name
    self.domain = domain
    self.settings = settings
    self.repositories = repositories
    self.networks = networks
    self.heads = heads
    self.images = images
    self.nodes = nodes
    self.ha = ha
    self.access = access
    self.source = source
  }

  /// Takes package sets in: what they ask of images and of Pacemaker is part of those from here on.
  package mutating func adopt(_ sets: [PackageSet]) {
    self.sets = sets
    filled = Lazy()
    for index in images.indices {
      let sets = sets.filter { $0.isOn(in: images[index].name) }
      // Live files are not in the image: they have their owners and modes in identities.
      images[index].permissions += sets.flatMap { set in
        let live = Set(set.nodes.files.filter { $0.live != nil }.map(\.path))
        return set.nodes.permissions.filter { !live.contains($0.path) }
      }
      images[index].secrets += sets.flatMap(\.nodes.secrets)
    }
    ha?.services += sets.flatMap { set in set.services.map { .init(name: $0.name, source: set.source) } }
  }

  /// The files of the sets, filled in.
  package var filledSets: FilledSets { filled.value { FilledSets(self) } }
  /// The values that a template of a set reads on a head, or in an image.
  package func values(of set: PackageSet, on head: Head? = nil) -> [String: TemplateValue] {
    filledSets.values.of(set).on(head?.name)
  }

  package func network(_ name: String) -> Network? { networks.first { $0.name == name } }
  package func head(_ id: HostID) -> Head? { heads.first { $0.name == id } }
  /// The release of the distribution that all heads are of.
  package static let releaseOfHeads = "debian/bookworm"

  package func image(_ name: String) -> ClientImage? { images.first { $0.name == name } }
  /// The head that the others are cloned from: the first that is not itself a clone.
  package var primary: Head? { heads.first { $0.cloneOf == nil } }
  /// The nodes that are in service: all but those with `state: out`, and those that wait for their MAC addresses.
  package var nodesInService: [ComputeNode] { nodes.filter { $0.state == .in && !waitsForMAC($0) } }
  /// Whether nobody has said yet which machine a node is: DHCP cannot know it, and it does not boot.
  package func waitsForMAC(_ node: ComputeNode) -> Bool { bootNIC(of: node).map { $0.mac == nil } ?? false }
}

/// Where packages come from. Defaults are Debian's own mirrors.
package struct Repositories: Hashable, Sendable {
  /// The package mirror. Nil: the release's default.
  package var mirror: String?
  /// The mirror of security updates. Nil: Debian's own, also where `mirror` is another.
  package var security: String?
  /// A caching HTTP proxy for package downloads, as in apt.conf(5) `Acquire::http::Proxy`.
  package var proxy: String?
  /// An archive that keeps every day: `http://snapshot.debian.org/archive`.
  package var snapshot: String?
  /// The day of images that name none.
  package var asOf: ArchiveDate?
  /// Repositories of vendors, beside the distribution's.
  package var extra: [ExtraRepository] = []
  package var source: SourceSpan?

  package init(
    mirror: String? = nil, security: String? = nil, proxy: String? = nil, snapshot: String? = nil,
    asOf: ArchiveDate? = nil, source: SourceSpan? = nil
  ) {
    self.snapshot = snapshot
    self.asOf = asOf
    self.mirror = mirror
    self.security = security
    self.proxy = proxy
    self.source = source
  }

  /// The lines of sources.list(5), the same for heads and images. Security updates are never left out: a mirror is for
  /// the archive, and seldom has them under its own address.
  package static func sources(suite: String, mirror: String?, security: String?) -> [String] {
    let components = "main non-free-firmware"
    let archive = mirror ?? "http://deb.debian.org/debian"
    return [
      "deb \(archive) \(suite) \(components)", "deb \(archive) \(suite)-updates \(components)",
      "deb \(security ?? "http://deb.debian.org/debian-security") \(suite)-security \(components)",
    ]
  }

  /// The lines of sources.list(5) for one day of an archive that keeps them all, laid out as snapshot.debian.org is.
  /// What its lists say of their validity has passed since.
  package static func sources(suite: String, snapshot: String, asOf: ArchiveDate) -> [String] {
    let base = snapshot.hasSuffix("/") ? String(snapshot.dropLast()) : snapshot
    return sources(
      suite: suite, mirror: "\(base)/debian/\(asOf.snapshot)", security: "\(base)/debian-security/\(asOf.snapshot)"
    ).map { "deb [check-valid-until=no] " + $0.dropFirst("deb ".count) }
  }
}

/// A baseboard management controller: the way to a machine's power switch.
package struct BMC: Hashable, Codable, Sendable {
  /// The language of a BMC, by its name in the description. Which there are is said by the wing that speaks them.
  package struct BMCProtocol: RawRepresentable, Hashable, Codable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    /// That of a BMC whose description names none.
    package static let ipmi = BMCProtocol(rawValue: "ipmi")
  }

  package var address: IPv4Address
  package var `protocol`: BMCProtocol
  package var user: String
  package var password: SecretRef
  /// The cipher suite of sessions. Nil: the one that the BMC is found to take.
  package var cipher: Int?
  /// The port. Nil: the protocol's own.
  package var port: Int?
  /// The system that is meant, where the controller answers for several. Nil: its only one.
  package var system: String?
  /// The address of another controller on its management bus, to which it passes what is said. Nil: itself is meant.
  package var target: Int?
  /// The fence agent that switches the machine in the place of a BMC, such as that of a switched power strip. Its
  /// parameters and secrets say all that the agent needs; `address` is that of its device, `password` one of its
  /// secrets.
  package var agent: FenceAgent?

  package init(
    address: IPv4Address, protocol: BMCProtocol, user: String, password: SecretRef, cipher: Int? = nil,
    port: Int? = nil, system: String? = nil, target: Int? = nil
  ) {
    self.address = address
    self.protocol = `protocol`
    self.user = user
    self.password = password
    self.cipher = cipher
    self.port = port
    self.system = system
    self.target = target
  }

  /// A machine that a fence agent switches.
  ///
  /// Nil: the agent has no secret, or its device no IPv4 address.
  package init?(agent: FenceAgent) {
    guard let address = agent.parameters["ip"].flatMap({ IPv4Address($0) }), let secret = agent.secrets.values.min()
    else { return nil }
    self.init(
      address: address, protocol: BMCProtocol(rawValue: agent.name), user: agent.parameters["username"] ?? "",
      password: secret)
    self.agent = agent
  }

  /// All that it is asked with.
  package var secrets: [SecretRef] { agent.map { Set($0.secrets.values).sorted() } ?? [password] }

  /// The switch's own name among all, also of those that share a device: a file may be called so.
  package var key: String {
    guard let agent else {
      return ["\(address)", system, target.map { "\($0)" }].compactMap(\.self).joined(separator: "-")
    }
    let words = agent.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let safe = ([agent.name] + words.filter { !$0.hasPrefix("ip=") }).joined(separator: "-").utf8.map { byte in
      switch byte {
      case 48...57, 65...90, 97...122, 45, 61, 95: String(UnicodeScalar(byte))
      default: "%" + String(byte, radix: 16)
      }
    }
    return "\(address)-\(safe.joined())"
  }

  /// `BMC at 10.3.0.1`, `fence_apc_snmp at 10.3.0.9`: in messages.
  package var words: String { "\(agent?.name ?? "BMC") at \(address)" }
}

package struct Head: Hashable, Sendable {
  /// The way in which a machine starts, which its BMC has to be told with the order to boot over the network.
  package enum Firmware: String, Hashable, Codable, CaseIterable, Sendable {
    /// That of the head that it is a clone of.
    case auto
    case uefi, bios
  }

  package var name: HostID
  package var nics: [NIC]
  package var bmc: BMC?
  /// The hardware address of its BMC, by which DHCP knows it.
  package var bmcMAC: MACAddress?
  package var cloneOf: HostID?
  /// A disk that the clone's installer may overwrite although it is not empty.
  package var wipe: Bool
  /// The disk that the clone is installed on. Nil: the only one that is empty.
  package var disk: DiskRule?
  /// Paths of the original that the clone gets although they would stay there: absolute, without a slash at the end.
  package var keep: [String]
  package var firmware: Firmware
  /// The ways to switch it off, in the order in which they are tried.
  package var fencing: [FencingMethod]
  package var source: SourceSpan

  package init(
    name: HostID, nics: [NIC], bmc: BMC?, cloneOf: HostID?, wipe: Bool, disk: DiskRule? = nil, keep: [String] = [],
    firmware: Firmware = .auto, fencing: [FencingMethod] = [.bmc], source: SourceSpan
  ) {
    self.firmware = firmware
    self.name = name
    self.nics = nics
    self.bmc = bmc
    self.cloneOf = cloneOf
    self.wipe = wipe
    self.disk = disk
    self.keep = keep
    self.fencing = fencing
    self.source = source
  }

  /// Its card on a network: the first of several.
  package func nic(on network: String) -> NIC? { nics.first { $0.network == network } }
}

package struct ClientImage: Hashable, Sendable {
  /// The owner and mode of a file or folder in the image.
  package struct Permission: Hashable, Codable, Sendable {
    /// In the image: `/etc/sssd/sssd.conf`.
    package var path: String
    /// `root:root`, names that the image's own `/etc/passwd` and `/etc/group` know.
    package var owner: String
    package var mode: UInt16

    package init(path: String, owner: String, mode: UInt16) {
      self.path = path
      self.owner = owner
      self.mode = mode
    }
  }

  /// A file that nodes of the image get from the secret store when they boot. It is never in the image.
  package struct Secret: Hashable, Codable, Sendable {
    /// On the node: `/etc/munge/munge.key`.
    package var path: String
    package var secret: SecretRef
    /// `munge:munge`, names that the image's own `/etc/passwd` and `/etc/group` know.
    package var owner: String
    package var mode: UInt16

    package init(path: String, secret: SecretRef, owner: String = "root:root", mode: UInt16 = 0o600) {
      self.path = path
      self.secret = secret
      self.owner = owner
      self.mode = mode
    }
  }

  /// An OCI layout or archive that it begins with.
  package struct Base: Hashable, Sendable {
    /// Below the spec's folder, or a whole path on the machine that runs `cluster`.
    package var path: String
    package var source: SourceSpan

    package init(path: String, source: SourceSpan) {
      self.path = path
      self.source = source
    }
  }

  package var name: String
  /// `debian/bookworm`.
  package var release: String
  /// The OCI image that it begins with. Nil: it is bootstrapped from packages.
  package var base: Base?
  /// The day whose packages it has.
  package var asOf: ArchiveDate?
  /// The kernel's package: `linux-image-amd64`.
  package var kernel: String
  /// Arguments of its nodes' kernels, before those of their groups.
  package var kernelArguments: [String] = []
  /// Distribution packages.
  package var install: [String]
  /// Parts of them that images do without otherwise.
  package var keep: [ImagePart] = []
  /// A folder beside the spec, laid over the image's root.
  package var files: String?
  /// Owners and modes, where they are not root's and the usual ones.
  package var permissions: [Permission]
  package var secrets: [Secret]
  /// Programs beside the spec, run inside the image when all else is done.
  package var run: [String]
  package var source: SourceSpan
  /// Where `files`, each of `run` and each path of `secrets` stand, by path.
  package var pathSources: [String: SourceSpan]

  package init(
    name: String, release: String, asOf: ArchiveDate? = nil, kernel: String, install: [String], files: String?,
    permissions: [Permission] = [], secrets: [Secret] = [], run: [String], source: SourceSpan,
    pathSources: [String: SourceSpan] = [:]
  ) {
    self.name = name
    self.release = release
    self.asOf = asOf
    self.kernel = kernel
    self.install = install
    self.files = files
    self.permissions = permissions
    self.secrets = secrets
    self.run = run
    self.source = source
    self.pathSources = pathSources
  }
}

package struct ComputeNode: Hashable, Sendable {
  /// How it comes up, by its name in the description. Which ways there are is said by the wing that has them.
  package struct Boot: RawRepresentable, Hashable, Codable, Sendable {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    /// That of nodes whose description names none.
    package static let stateless = Boot(rawValue: "stateless")
  }

  /// Whether it is in service. A node that is out keeps its addresses and its boot script, and is left alone.
  package enum State: String, Hashable, CaseIterable, Sendable { case `in`, out }

  package var name: HostID
  package var image: String
  package var boot: Boot
  package var state: State
  package var nics: [NIC]
  package var bmc: BMC?
  /// Arguments that its image and its group add.
  package var kernelArguments = KernelArguments()
  /// Its group's, or else its image's.
  package var disks: [NodeDisk] = []
  /// The disk that it runs from. Nil: none is described.
  package var root: NodeRoot?
  /// The hardware address of its BMC, by which DHCP knows it.
  package var bmcMAC: MACAddress?
  /// The group's entry in `nodes:`.
  package var source: SourceSpan

  package init(name: HostID, image: String, boot: Boot, state: State = .in, nics: [NIC], bmc: BMC?, source: SourceSpan)
  {
    self.name = name
    self.image = image
    self.boot = boot
    self.state = state
    self.nics = nics
    self.bmc = bmc
    self.source = source
  }
}

package struct Access: Hashable, Sendable {
  /// The account that `ssh` logs in to on every head.
  package var user: String

  package init(user: String = "root") { self.user = user }
}
