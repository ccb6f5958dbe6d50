// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

enum HeadSection: Section {
  struct Declaration: Sendable {
    var nics: [Named<NICDeclaration>]
    var bmc: Located<BMCDeclaration>?
    /// `bmc:` is in the file, readable or not.
    var hasBMC: Bool
    var cloneOf: Located<String>?
    var wipe: Located<Bool>?
    var disk: Located<DiskRule>?
    var keep: Located<[Located<String>]>?
    var firmware: Located<Head.Firmware>?
    var fencing: Located<[Located<FenceAgentSection.Declaration>]>?
  }

  static let noun = "a head"
  static let doc = "A head node: it serves the cluster."

  static let nics = Key(
    "nics", .table("a mapping of network interfaces by name", named: .interface, of: HeadNICSection.form, minimum: 1),
    required: true,
    "Its network interfaces, by the names that the kernel gives them.")
  static let bmc = bmc([])
  private static func bmc(_ more: [WingKey]) -> Key<BMCDeclaration> {
    Key("bmc", HeadBMCSection.form(more), "Its BMC. Needed for fencing and for cloning. Default: none.")
  }
  static let cloneOf = Key(
    "clone_of", .label("the name of a head"),
    "The head that this one is installed from, as a clone that keeps only its own identity.")
  static let wipe = Key(
    "wipe", .flag, "Whether installing the clone may overwrite a disk that is not empty. Default: false.")
  static let disk = Key(
    "disk", .disk,
    "The disk that the clone is installed on: a device, best below /dev/disk/by-id, `model:…`, `serial:…`, "
      + "`smallest` or `largest`. Nothing is written when several disks fit. Default: the only one that is empty."
  )
  static let keep = Key(
    "keep", .list(of: .absolutePath, "a list of paths of the original", unique: true),
    "Files and folders that the clone gets although they would stay on the original, such as "
      + "`/etc/munge/munge.key`. Default: none."
  )

  static let firmware =
    Key(
      "firmware", .choice("a kind of firmware"),
      "How the clone's machine starts, as its BMC is told when it is to boot over the network: uefi or bios. "
        + "Default: auto, as the head that it is a clone of."
    ) as Key<Head.Firmware>

  static let fencing = Key(
    "fencing", FenceAgentSection.methods,
    "The ways to switch it off when it is silent, in the order in which they are tried. A BMC has no power when its head "
      + "has none, so a second way decides whether a head without mains is taken over. Default: [bmc].")

  static let keys = [
    nics.description, bmc.description, cloneOf.description, wipe.description, disk.description, keep.description,
    firmware.description, fencing.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration { read(fields, bmc, &problems) }

  /// The section with the keys of BMCs that wings read.
  static func form(_ more: [WingKey]) -> Form<Declaration> {
    let bmc = bmc(more)
    return form(with: [bmc.description]) { read($0, bmc, &$1) }
  }

  private static func read(_ fields: Fields, _ bmc: Key<BMCDeclaration>, _ problems: inout Problems) -> Declaration {
    Declaration(
      nics: fields.read(nics, &problems)?.value ?? [], bmc: fields.read(bmc, &problems),
      hasBMC: fields.entry(bmc.name) != nil,
      cloneOf: fields.read(cloneOf, &problems), wipe: fields.read(wipe, &problems),
      disk: fields.read(disk, &problems), keep: fields.read(keep, &problems),
      firmware: fields.read(firmware, &problems),
      fencing: fields.read(fencing, &problems))
  }
}

extension Form where Value == DiskRule {
  fileprivate static var disk: Form {
    text(
      "a rule that finds a disk", code: .badDisk, pattern: "^(smallest|largest|/dev/.+|model:.+|serial:.+)$",
      examples: ["/dev/disk/by-id/nvme-eui.0025385b21404d5f", "model:SAMSUNG MZ7L3480", "smallest"]
    ) { text in
      DiskRule(text).map { .value($0) }
        ?? .wrong(
          "`\(shown(text))` finds no disk.",
          help: "Write a device such as `/dev/disk/by-id/…`, `model:…` or `serial:…` as lsblk(8) shows it, "
            + "`smallest` or `largest`.")
    }
  }
}

extension Form where Value == String {
  /// A path that programs read as one word of a line, without quotes: Slurm's among them.
  static var wordPath: Form {
    text("an absolute path", code: .badPath, pattern: "^(/[A-Za-z0-9._+:@~=,-]+)+$", examples: ["/scratch"]) { text in
      guard isWholePath(text) else { return notWhole(text, like: "/scratch") }
      guard text.utf8.allSatisfy({ isAlphanumeric($0) || "/._+:@~=,-".utf8.contains($0) }) else {
        return .wrong(
          "`\(shown(text))` is not one word to every program that reads it.",
          help: "Use letters, digits and any of . _ + : @ ~ = , - in names of folders here, and no spaces.")
      }
      return .value(text)
    }
  }

  /// A path on a head, without parts that lead elsewhere.
  static var absolutePath: Form {
    text("an absolute path", code: .badPath, pattern: "^(/[^/]+)+$", examples: ["/etc/munge/munge.key"]) { text in
      isWholePath(text) ? .value(text) : notWhole(text, like: "/etc/munge/munge.key")
    }
  }

  private static func notWhole(_ text: String, like example: String) -> Reading<String> {
    let path = String(text.dropLast())
    return .wrong(
      "`\(shown(text))` is not a plain absolute path.",
      help: "Write it from `/` on, without `.`, `..` and a slash at the end: `\(example)`.",
      replacement: text.hasSuffix("/") && isWholePath(path) ? path : nil)
  }
}

enum NodeGroupSection: Section {
  struct Declaration: Sendable {
    var names: Located<Hostlist>?
    var image: Located<String>?
    var nics: [Named<NICDeclaration>]
    var bmc: Located<BMCDeclaration>?
    /// A fence agent in the place of a BMC.
    var power: Located<FenceAgentSection.Declaration>?
    var state: ComputeNode.State
    var kernelArguments: [Located<String>]
    var disks: Located<[Located<DiskSection.Declaration>]>?
    var root: Located<RootSection.Declaration>?
    /// Settings of sets for these nodes.
    var packages: [SetRequest]
    /// Values of the keys that wings have declared, by key.
    var settings: [String: Setting]

    /// The way that a wing has read, or that of nodes which name none.
    var boot: ComputeNode.Boot { settings["boot"]?.value as? ComputeNode.Boot ?? .stateless }
  }

  static let noun = "a node group"
  static let doc = "Nodes that are alike."

  static let names = Key(
    "names", .hostlist, required: true, mayBeInTable: true, "The nodes' host names, as a hostlist: node[001-064,100].")
  static let table = Key(
    "table", .path("a table beside the spec"),
    "A table in the place of names, with a line for each node: CSV with a header of name, mac, address, bmc, image and "
      + "state, or eno1.mac where there are several interfaces. What a cell leaves empty is as the group says.")
  static let image = Key(
    "image", .label("the name of an image", longest: 32), required: true, "What they run, a name under `images:`.")
  static let nics = Key(
    "nics", .table("a mapping of network interfaces by name", named: .interface, of: NodeNICSection.form, minimum: 1),
    required: true,
    "Their network interfaces, by the names that the kernel gives them.")
  static let bmc = bmc([])
  private static func bmc(_ more: [WingKey]) -> Key<BMCDeclaration> {
    Key("bmc", NodeBMCSection.form(more), "Their BMCs. Default: none; someone then has to switch them on.")
  }
  static let power = Key(
    "power", NodePowerSection.form,
    "The fence agent that switches them, where they have no BMC: a switched power strip, a hypervisor. Default: none.")
  static let state =
    Key(
      "state", .choice("a state of nodes"),
      "out: away for repair, or in somebody else's hands. Nothing is done to them or waited for, and they do not count; they keep their addresses and boot scripts. Default: in."
    ) as Key<ComputeNode.State>

  static let kernelArguments = Key(
    "kernel_args", .kernelArguments,
    "Arguments of their kernels, after those of their image. Default: none.")

  static let disks = Key(
    "disks", .list(of: DiskSection.form, "a list of disks"),
    "Disks that these nodes have in them, for scratch space and swap. Default: those of their image.")

  static let root = Key(
    "root", RootSection.form, "The disk that they run from, for `boot: disk`. Default: none.")

  static let packages = Key(
    "packages", PackagesSection.settings,
    "Settings of package sets for these nodes, by set: those that a set has `per: node`. Default: as for all nodes.")

  static let keys = [
    names.description, table.description, image.description, nics.description, bmc.description, power.description,
    state.description, kernelArguments.description, disks.description, root.description, packages.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration { read(fields, bmc, [], &problems) }

  /// The section with the keys that wings read, in a group and in its `bmc:`.
  static func form(_ keys: [WingKey]) -> Form<Declaration> {
    let (own, bmc) = (keys.of(.nodes), bmc(keys.of(.bmc)))
    return form(with: [bmc.description] + own.map(\.description)) { read($0, bmc, own, &$1) }
  }

  private static func read(
    _ fields: Fields, _ bmc: Key<BMCDeclaration>, _ more: [WingKey], _ problems: inout Problems
  ) -> Declaration {
    Declaration(
      names: fields.read(names, &problems), image: fields.read(image, &problems),
      nics: fields.read(nics, &problems)?.value ?? [], bmc: fields.read(bmc, &problems),
      power: fields.read(power, &problems), state: fields.read(state, &problems)?.value ?? .in,
      kernelArguments: fields.read(kernelArguments, &problems)?.value ?? [], disks: fields.read(disks, &problems),
      root: fields.read(root, &problems), packages: fields.read(packages, &problems)?.value ?? [],
      settings: more.settings(fields, &problems))
  }
}

/// The BMC of one head, or of each node of a group.
struct BMCDeclaration: Sendable {
  var address: Located<Counted<IPv4Address>>?
  var mac: Located<Counted<MACAddress>>?
  var user: Located<String>?
  var password: Located<SecretRef>?
  /// Values of the keys that wings have declared, by key.
  var settings: [String: Setting]

  /// The protocol that a wing has read, or the one of a BMC that names none.
  var `protocol`: BMC.BMCProtocol { settings["protocol"]?.value as? BMC.BMCProtocol ?? .ipmi }
  var cipher: Int? { settings["cipher"]?.value as? Int }
  var port: Int? { settings["port"]?.value as? Int }
  var system: Counted<String>? { settings["system"]?.value as? Counted<String> }
  var target: Int? { settings["target"]?.value as? Int }
  /// Its address is that of a controller for several machines.
  var isPart: Bool { system != nil || target != nil }
}

/// The keys of both sorts of BMC, but for its addresses.
private enum BMCKeys {
  static let user = Key("user", .account(longest: 16), required: true, "The BMC's account.")
  static let password = Key(
    "password", .secret, required: true, "The secret that holds the account's password: `secret:NAME`.")

  static let keys = [user.description, password.description]

  static func read(
    _ fields: Fields, _ address: Key<Counted<IPv4Address>>, _ mac: Key<Counted<MACAddress>>, _ more: [WingKey],
    _ problems: inout Problems
  ) -> BMCDeclaration {
    BMCDeclaration(
      address: fields.read(address, &problems), mac: fields.read(mac, &problems), user: fields.read(user, &problems),
      password: fields.read(password, &problems), settings: more.settings(fields, &problems))
  }
}

enum HeadBMCSection: Section {
  static let noun = "a BMC"
  static let doc = "The head's baseboard management controller: the way to its power switch, also for fencing."
  static let address = Key("address", .single, required: true, "The BMC's IPv4 address.")
  static let mac = Key(
    "mac", .singleMAC, "The BMC's hardware address, by which DHCP gives it its address. Default: it has it by itself.")
  static let keys = [address.description, mac.description] + BMCKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> BMCDeclaration {
    BMCKeys.read(fields, address, mac, [], &problems)
  }

  static func form(_ more: [WingKey]) -> Form<BMCDeclaration> {
    form(with: more.map(\.description)) { BMCKeys.read($0, address, mac, more, &$1) }
  }
}

enum NodeBMCSection: Section {
  static let noun = "a BMC"
  static let doc = "The baseboard management controller of each node: the way to its power switch."
  static let address = Key(
    "address", .counted, required: true, mayBeInTable: true,
    "The BMC's IPv4 address. With `+` at the end it counts up with the names.")
  static let mac = Key(
    "mac", .countedMAC,
    "The BMC's hardware address, by which DHCP gives it its address. With `+` at the end it counts up with the names. "
      + "Default: it has its address by itself.")
  static let keys = [address.description, mac.description] + BMCKeys.keys

  static func read(_ fields: Fields, _ problems: inout Problems) -> BMCDeclaration {
    BMCKeys.read(fields, address, mac, [], &problems)
  }

  static func form(_ more: [WingKey]) -> Form<BMCDeclaration> {
    form(with: more.map(\.description)) { BMCKeys.read($0, address, mac, more, &$1) }
  }
}
