// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The part of a set that machines of one sort get.
enum SideSection: Section {
  struct Declaration: Sendable {
    var packages: [String]
    var files: Located<String>?
    var units: [String]
    var permissions: [Named<ClientImage.Permission>]
    var secrets: [Named<SetSecretSection.Declaration>]
    var live: [Named<PackageSet.Live>]
  }

  static let noun = "one side of a package set"
  static let doc = "What machines of one sort get."

  static let packages = Key(
    "packages", .list(of: .package, "a list of packages", unique: true), "Packages of the distribution.")
  static let files = Key(
    "files", .path("a folder of the set"),
    "A folder of the set, laid over the machine's root. What ends in `.j2` is a template.")
  static let units = Key(
    "units", .list(of: .enabledUnit, "a list of units", unique: true), "Units that are enabled, and run.")

  static let permissions = Key(
    "permissions", .table("a mapping of paths", named: .imagePath, of: .permission),
    "Owners and modes of its files, by path: `/etc/slurm/slurmdbd.conf: slurm:slurm 0600`. Default: root's, readable by all."
  )
  static let secrets = Key(
    "secrets", .table("a mapping of paths", named: .imagePath, of: SetSecretSection.form),
    "Files that hold a secret of the store, by path. Nodes get them with their identity, never in their image.")

  static let live = Key(
    "live", .table("a mapping of paths on nodes", named: .imagePath, of: LiveSection.form),
    "Nodes only. Files that a node gets when it boots and while it runs, not in its image: a change restarts no node.")

  static let keys = [
    packages.description, files.description, units.description, permissions.description, secrets.description,
    live.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      packages: fields.read(packages, &problems)?.value.map(\.value) ?? [], files: fields.read(files, &problems),
      units: fields.read(units, &problems)?.value.map(\.value) ?? [],
      permissions: fields.read(permissions, &problems)?.value ?? [],
      secrets: fields.read(secrets, &problems)?.value ?? [], live: fields.read(live, &problems)?.value ?? [])
  }
}

/// The part of a set that heads get: what they serve is there, besides what every machine has.
enum HeadSideSection: Section {
  struct Declaration: Sendable {
    var side: SideSection.Declaration
    var ports: [SetPortSection.Declaration]
    var services: [Named<SetServiceSection.Declaration>]
  }

  static let noun = SideSection.noun
  static let doc = "What heads get."

  static let open = Key(
    "open", .list(of: SetPortSection.form, "a list of ports"),
    "Ports that others have to reach. Where there is `firewall:`, all that are not named are closed.")
  static let services = Key(
    "services",
    .table(
      "a mapping of services by name", named: .label("the name of a service", longest: 32),
      of: SetServiceSection.form),
    "What runs on one head at a time: Pacemaker moves it where there is `ha:`, else the first head has it.")

  static let keys = SideSection.keys + [open.description, services.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      side: SideSection.read(fields, &problems),
      ports: (fields.read(open, &problems)?.value ?? []).map(\.value),
      services: fields.read(services, &problems)?.value ?? [])
  }
}

/// A service of a set on the heads.
enum SetServiceSection: Section {
  /// How changed files are taken up.
  enum Change: String, CaseIterable, Sendable { case restart, reload }

  struct Declaration: Sendable {
    var unit: Located<String>?
    var check: HealthCheck?
    var needs: [Located<String>]
    var change: Change
    var keepsState: Bool
    var report: String?
    var quiet: String?
  }

  static let noun = "a service of a set"
  static let doc = "A unit that runs on one head at a time."

  static let unit = Key("unit", .unit, required: true, "The systemd unit.")
  static let check = Key(
    "check", HealthCheckSection.form, "What it must answer to count as healthy. Default: its unit is active.")
  static let needs = Key(
    "needs", .list(of: .label("the name of a service", longest: 32), "a list of services", unique: true),
    "Services that start before it, where both start.")
  static let change =
    Key(
      "change", .choice("how changes are taken up"),
      "How it takes up changes of the set's files: restart or reload. Default: restart.") as Key<Change>
  static let state = Key(
    "state", .flag,
    "Whether it keeps its state in the folder of `ha: state:`: then it is started only where that is. Default: false.")

  static let report = Key(
    "report", .absolutePath,
    "A file in which it says how it is while it runs: `cluster status` shows it. Default: none.")

  static let quiet = Key(
    "quiet", .program,
    "A program that ends with status 0 while nobody would miss the service, and else says why: for `failback: lazy`. "
      + "Its argument is for how many seconds. Default: at any time.")

  static let keys = [
    unit.description, check.description, needs.description, change.description, state.description, report.description,
    quiet.description,
  ]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      unit: fields.read(unit, &problems), check: fields.read(check, &problems)?.value ?? nil,
      needs: fields.read(needs, &problems)?.value ?? [], change: fields.read(change, &problems)?.value ?? .restart,
      keepsState: fields.read(state, &problems)?.value ?? false, report: fields.read(report, &problems)?.value,
      quiet: fields.read(quiet, &problems)?.value)
  }
}

/// A port of the heads that a set's programs are reached at.
enum SetPortSection: Section {
  enum Origin: String, CaseIterable, Sendable { case nodes, any }

  struct Declaration: Sendable {
    var tcp: SettingWord?
    var udp: SettingWord?
    var isForNodes: Bool

    /// The ports, with the settings that they name filled in.
    func ports(_ settings: SettingWord.Settings, _ problems: inout Problems) -> [PackageSet.OpenPort] {
      func read(_ word: SettingWord?) -> ClosedRange<Int>? {
        word?.filled(settings, &problems).flatMap { PortForm.form.read($0, &problems) }
      }
      let ports = [read(tcp).map { FirewallNeed.Port(.tcp, $0) }, read(udp).map { FirewallNeed.Port(.udp, $0) }]
      return ports.compactMap(\.self).map { PackageSet.OpenPort($0, isForNodes: isForNodes) }
    }
  }

  static let noun = "a port of a set"
  static let doc = "A port that others have to reach."

  static let tcp = Key(
    "tcp", SettingWord.form(of: PortForm.form.noun),
    "A TCP port, or a range of them: `443`, `8000-8010`, or a setting: `\"{{ set.port }}\"`.")
  static let udp = Key("udp", SettingWord.form(of: PortForm.form.noun), "A UDP port, or a range of them, or a setting.")
  static let from =
    Key(
      "from", .choice("who may reach it"), required: true,
      "Who may reach it: `nodes`, the machines of the network that nodes boot from, or `any`.") as Key<Origin>

  static let keys = [tcp.description, udp.description, from.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    if fields.entry(tcp.name) == nil, fields.entry(udp.name) == nil {
      problems.error(
        .missingKey, "`tcp` or `udp` is missing from \(noun).", help: "Write which port: `{ tcp: 6817, from: nodes }`.",
        at: fields.node.firstLineOfHeading)
    }
    return Declaration(
      tcp: fields.read(tcp, &problems)?.value, udp: fields.read(udp, &problems)?.value,
      isForNodes: fields.read(from, &problems)?.value != .any)
  }
}

/// A file of a set that holds a secret. The site may choose which, or none.
enum SetSecretSection: Section {
  struct Declaration: Sendable {
    var from: SettingWord?
    var permissions: Located<ClientImage.Permission>?

    /// The secret of an image that it stands for. Nil: the site has named none.
    func secret(
      _ settings: SettingWord.Settings, _ problems: inout Problems
    ) -> ImageSecretSection.Declaration? {
      guard let node = from?.filled(settings, &problems), !node.isEmpty else { return nil }
      return ImageSecretSection.Declaration(
        from: Form.secret.read(node, &problems).map { Located($0, node.span) }, permissions: permissions)
    }
  }

  static let noun = "a secret of a set"
  static let doc = "A file with a secret of the store."

  static let from = Key(
    "from", SettingWord.form(of: Form.secret.noun), required: true,
    "The secret in the file: `secret:NAME`, or a setting of the type `secret`. Without a value of it there is no file.")

  static let keys = [from.description, ImageSecretSection.permissions.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      from: fields.read(from, &problems)?.value, permissions: fields.read(ImageSecretSection.permissions, &problems))
  }
}

/// An account of a set's daemons.
enum SetUserSection: Section {
  struct Declaration: Sendable {
    var uid: Located<Int>?
    var gid: Int?
    var home: String
  }

  static let noun = "an account of a set"
  static let doc = "A system account with the same numbers on heads and nodes."

  // 0 to 99 are the base system's, from 1000 on there are people, and from 60000 on numbers that Debian gives away.
  static let uid = Key(
    "uid", .integer(100...64999), required: true, "Its number. Choose one below 1000 that no other set has.")
  static let gid = Key("gid", .integer(100...64999), "The number of its group, which has its name. Default: its own.")
  static let home = Key("home", .absolutePath, "Its home folder, which is not made. Default: /nonexistent.")

  static let keys = [uid.description, gid.description, home.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    Declaration(
      uid: fields.read(uid, &problems), gid: fields.read(gid, &problems)?.value,
      home: fields.read(home, &problems)?.value ?? "/nonexistent")
  }
}
