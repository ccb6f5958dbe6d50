// SPDX-License-Identifier: Apache-2.0

/// Everything that an agent can do on a host. Closed on purpose: it bounds what must be trusted, simulated and fuzzed.
///
/// Each case first checks whether its work is done already, and may be repeated. Programs are run as argv, never
/// through a shell. Secrets are named, not carried: their bytes travel beside the operation.
package enum Operation: Hashable, Codable, Sendable {
  /// Writes a file atomically. A file that was not ours is kept once, below `/var/lib/cluster/backups`.
  case ensureFile(FileGoal)
  case ensureSecretFile(SecretFileGoal)
  /// Makes a path a symbolic link to a file that is there. What was at the path is kept as for a file.
  case ensureSymbolicLink(path: String, target: String)
  /// Removes a file or symbolic link of ours; a backup, where one was kept, takes its place.
  case ensureFileAbsent(path: String)
  /// Makes a folder hold exactly these files.
  case ensureTree(TreeGoal)
  case ensureTreeAbsent(root: String)
  /// Installs what is missing, without starting the daemons that come along.
  case ensurePackages([String])
  /// Removes only packages that `ensurePackages` installed, and refuses to take others along.
  case ensurePackagesAbsent([String])
  case ensureUnit(UnitGoal)
  case ensureHostname(String)
  /// Brings an interface to the addresses that its systemd-networkd file now says.
  case ensureLink(LinkGoal)
  /// Adds a service address by hand, before Pacemaker runs for the first time.
  case ensureAddress(interface: String, address: IPv4Address, prefix: Int)
  case ensureImage(ImageRecipe)
  /// Copies a built image from the other head and verifies it.
  case ensureImageFetched(name: String, digest: String, from: String)
  case ensureImageAbsent(name: String, digest: String)
  /// Captures this head as a root to install clones from.
  case ensureCapture(CaptureRecipe)
  /// Network-boots a machine once, installs it, and waits until it runs from its disk.
  case ensureClone(CloneGoal)
  /// Forgets that this head has installed another one: removes the note that says so, and the capture. Nothing is done
  /// to the other one.
  case ensureCloneAbsent(head: HostID)
  case ensurePower(BMC, PowerState)
  /// Boots a node into an image and waits until it reports ready.
  case ensureNode(NodeGoal)
  /// Creates or updates CIB elements by id, and removes others by id; the rest of the CIB is left alone.
  case ensureCIB(CIBGoal)
  /// Proves from this head that another one can be fenced.
  case ensureFencingProven(FencingGoal)
}

package struct FileGoal: Hashable, Codable, Sendable {
  package var path: String
  package var contents: Content
  /// Permission bits. Nil keeps what is there, or `0o644`.
  package var mode: UInt16?
  /// `user:group`. Nil keeps what is there, or root's.
  package var owner: String?

  package init(path: String, contents: Content, mode: UInt16? = nil, owner: String? = nil) {
    self.path = path
    self.contents = contents
    self.mode = mode
    self.owner = owner
  }
}

/// A file's bytes: text where they are text, so that plans and records stay readable.
package enum Content: Hashable, Codable, Sendable {
  case text(String)
  case bytes([UInt8])

  package var bytes: [UInt8] {
    switch self {
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    }
  }

  package var digest: String {
    switch self {
    case .text(let text): SHA256.hex(text)
    case .bytes(let bytes): SHA256.hex(bytes)
    }
  }
}

package struct SecretFileGoal: Hashable, Codable, Sendable {
  package var path: String
  package var secret: SecretRef
  package var mode: UInt16
  package var owner: String

  package init(path: String, secret: SecretRef, mode: UInt16 = 0o600, owner: String = "root:root") {
    self.path = path
    self.secret = secret
    self.mode = mode
    self.owner = owner
  }
}

package struct TreeGoal: Hashable, Codable, Sendable {
  package struct Entry: Hashable, Codable, Sendable {
    package let contents: Content
    package var executable: Bool
    private let memo = Lazy<String>()

    package init(_ contents: Content, executable: Bool = false) {
      self.contents = contents
      self.executable = executable
    }

    /// Of the contents; found out once, however often it is compared with what hosts have.
    package var digest: String { memo.value { contents.digest } }

    private enum CodingKeys: String, CodingKey { case contents, executable }
  }

  package var root: String
  /// By path relative to the root.
  package var files: [String: Entry]

  package init(root: String, files: [String: Entry]) {
    self.root = root
    self.files = files
  }
}

package struct UnitGoal: Hashable, Codable, Sendable {
  /// How a running unit takes up a changed configuration.
  package enum Reload: String, Hashable, Codable, Sendable { case reload, restart }

  package var name: String
  /// Nil leaves it as it is, which is how units under Pacemaker are treated.
  package var enabled: Bool?
  package var active: Bool?
  /// Files and folders whose change the unit must take up.
  package var configuration: [String]
  package var reload: Reload

  package init(name: String, enabled: Bool?, active: Bool?, configuration: [String] = [], reload: Reload = .restart) {
    self.name = name
    self.enabled = enabled
    self.active = active
    self.configuration = configuration
    self.reload = reload
  }
}

package struct LinkGoal: Hashable, Codable, Sendable {
  package var interface: String
  package var address: IPv4Address
  package var prefix: Int
  package var gateway: IPv4Address?

  package init(interface: String, address: IPv4Address, prefix: Int, gateway: IPv4Address?) {
    self.interface = interface
    self.address = address
    self.prefix = prefix
    self.gateway = gateway
  }
}

/// Everything an image is made from. Its digest is the image's identity.
package struct ImageRecipe: Hashable, Codable, Sendable {
  package var name: String
  /// `bookworm`.
  package var suite: String
  package var mirror: String?
  package var proxy: String?
  package var kernel: String
  package var packages: [String]
  /// Folders on the building head, laid over the root in this order; each named with the digest of its contents.
  package var overlays: [Overlay]
  /// Programs on the building head, run in the image's root in this order.
  package var finish: [Overlay]
  package var digest: String

  package struct Overlay: Hashable, Codable, Sendable {
    package var path: String
    package var digest: String

    package init(path: String, digest: String) {
      self.path = path
      self.digest = digest
    }
  }

  package init(
    name: String, suite: String, mirror: String?, proxy: String?, kernel: String, packages: [String],
    overlays: [Overlay], finish: [Overlay]
  ) {
    self.name = name
    self.suite = suite
    self.mirror = mirror
    self.proxy = proxy
    self.kernel = kernel
    self.packages = packages.sorted()
    self.overlays = overlays
    self.finish = finish
    // The proxy says how packages travel, not what they are; everything else makes another image.
    let inputs = [
      "image-format 1", suite, mirror ?? "default", kernel, self.packages.joined(separator: " "),
      overlays.map(\.digest).joined(separator: " "), finish.map(\.digest).joined(separator: " "),
    ]
    digest = String(SHA256.hex(inputs.joined(separator: "\n")).prefix(16))
  }
}

package struct CaptureRecipe: Hashable, Codable, Sendable {
  /// The head that will be installed from it.
  package var clone: HostID
  /// Paths that stay behind: identity, secrets, caches, logs.
  package var excluded: [String]

  package init(clone: HostID, excluded: [String]) {
    self.clone = clone
    self.excluded = excluded
  }
}

package struct CloneGoal: Hashable, Codable, Sendable {
  package var head: HostID
  package var bmc: BMC
  package var mac: MACAddress
  /// Where the installed head must answer on TCP port 22.
  package var address: IPv4Address
  /// Where the script that installs is: there before the machine is powered on, gone before it restarts.
  package var bootScript: String
  package var installScript: String
  /// The machine's own files, by path: names, addresses.
  package var identity: [String: Content]
  package var deadlineSeconds: Int

  package init(
    head: HostID, bmc: BMC, mac: MACAddress, address: IPv4Address, bootScript: String, installScript: String,
    identity: [String: Content], deadlineSeconds: Int
  ) {
    self.head = head
    self.bmc = bmc
    self.mac = mac
    self.address = address
    self.bootScript = bootScript
    self.installScript = installScript
    self.identity = identity
    self.deadlineSeconds = deadlineSeconds
  }
}

package struct NodeGoal: Hashable, Codable, Sendable {
  package var node: HostID
  package var mac: MACAddress
  package var bmc: BMC?
  /// `name/digest`.
  package var image: String
  /// Where it is to report to. A node that reports to another address is not ready. Nil: anywhere.
  package var server: IPv4Address?
  /// Power-cycle a node that is not ready. Off: it is powered on, and waited for.
  package var restart: Bool
  package var deadlineSeconds: Int

  package init(
    node: HostID, mac: MACAddress, bmc: BMC?, image: String, server: IPv4Address? = nil, restart: Bool,
    deadlineSeconds: Int
  ) {
    self.node = node
    self.mac = mac
    self.bmc = bmc
    self.image = image
    self.server = server
    self.restart = restart
    self.deadlineSeconds = deadlineSeconds
  }
}

package struct CIBElement: Hashable, Codable, Sendable {
  package enum Section: String, Hashable, Codable, CaseIterable, Sendable {
    case options = "crm_config"
    case resources
    case constraints
    case resourceDefaults = "rsc_defaults"
  }

  package var section: Section
  package var id: String
  /// One element, in canonical form: attributes sorted, no white space between elements.
  package var xml: String

  package init(section: Section, id: String, xml: String) {
    self.section = section
    self.id = id
    self.xml = xml
  }
}

package struct CIBGoal: Hashable, Codable, Sendable {
  package var elements: [CIBElement]
  package var removed: [String]
  /// Members that must be online before anything is changed.
  package var members: [HostID]

  package init(elements: [CIBElement], removed: [String], members: [HostID]) {
    self.elements = elements
    self.removed = removed
    self.members = members
  }

  /// The property that tells Pacemaker to touch nothing more, so that what it runs goes on without it.
  package static let pause = "cib-bootstrap-options-maintenance-mode"

  /// Whether it tells Pacemaker so.
  package var letsGo: Bool { elements.contains { $0.id == Self.pause } }
}

package struct FencingGoal: Hashable, Codable, Sendable {
  package var head: HostID
  package var bmc: BMC

  package init(head: HostID, bmc: BMC) {
    self.head = head
    self.bmc = bmc
  }
}

extension Operation {
  /// The secrets that its bytes must travel with.
  package var secrets: [SecretRef] {
    switch self {
    case .ensureSecretFile(let goal): [goal.secret]
    case .ensureClone(let goal): [goal.bmc.password]
    case .ensurePower(let bmc, _): [bmc.password]
    case .ensureNode(let goal): goal.bmc.map { [$0.password] } ?? []
    case .ensureFencingProven(let goal): [goal.bmc.password]
    default: []
    }
  }
}

extension Probe {
  /// The secrets that its bytes must travel with.
  package var secrets: [SecretRef] {
    switch self {
    case .secretFile(_, let secret): [secret]
    case .power(let bmc): [bmc.password]
    default: []
    }
  }
}
