// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import SpecReading
import Templates
import Testing
import Wings

@testable import Reconciler

/// What a set may have besides packages, files and units: accounts, secrets, ports, services, and settings of nodes.
@Suite struct SetPartsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// The example with other sets.
  private func load(
    _ packages: String, _ files: [String: String] = [:], ha: String = "", group: String = ""
  ) throws -> Specification {
    let folder = FileManager.default.temporaryDirectory.appending(path: "set-parts-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(at: Self.root.appending(path: "examples/package-set"), to: folder)
    for (path, text) in files {
      let file = folder.appending(path: path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let location = folder.appending(path: "cluster.yaml")
    var text = try String(contentsOf: location, encoding: .utf8)
    text = String(text[..<(try #require(text.range(of: "packages:\n"))).lowerBound]) + "packages: \(packages)\n"
    text = text.replacing("\nha:\n", with: "\nha:\n\(ha)")
    text = text.replacing("    image: compute\n", with: "    image: compute\n\(group)")
    try Data(text.utf8).write(to: location)
    return try Specification.load(location)
  }

  private func problems(
    _ packages: String, _ files: [String: String] = [:], ha: String = "", group: String = ""
  ) throws -> [String] {
    try load(packages, files, ha: ha, group: group).diagnostics.filter { $0.severity == .error }
      .map { "\($0.code.id) \($0.span.file): \($0.detail)" }
  }

  private static let daemon = """
    summary: A daemon that moves.
    needs: [munge]
    settings:
      cores: { type: number, per: node, default: 4, doc: Cores of a node. }
      people: { type: file, default: people.txt, doc: Who may use it. }
    users:
      dibbler: { uid: 690, gid: 691, home: /var/lib/dibbler }
    heads:
      packages: [dibbler]
      files: heads
      permissions: { /etc/dibbler.conf: "root:dibbler 0640" }
      open: [{ tcp: 4711, from: nodes }, { udp: 4712-4713, from: any }]
      services:
        db: { unit: dibbler-db.service, state: true }
        dibbler: { unit: dibbler.service, check: { tcp: 4711 }, needs: [db], change: reload, state: true }

    """
  private static let files = [
    "packages/dibbler/set.yaml": daemon, "people.txt": "ankh\nmorpork\n",
    "packages/dibbler/heads/etc/dibbler.conf.j2":
      "{{ set.people | lines }}{% for node in cluster.nodes %}{{ node.name }}={{ node.set.cores }} {% endfor %}\n{{ cluster.state | default(\"none\") }}\n",
  ]
  private static let state = "  state: { shared: /srv/state }\n"

  @Test func headsGetAccountsSecretsPortsAndServices() throws {
    let loaded = try load(
      "{ munge: {}, dibbler: {} }", Self.files, ha: Self.state, group: "    packages: { dibbler: { cores: 64 } }\n")
    let cluster = try #require(loaded.cluster, "\(loaded.diagnostics)")
    let resources = Dictionary(
      Expansion.expand(cluster, loaded.files).map { ("\($0.id)", $0) }, uniquingKeysWith: { first, _ in first })
    let account = try #require(resources["system-user@head1:dibbler"]?.desired as? SystemUserKind.Desired)
    #expect(account.user == SystemUser(name: "dibbler", uid: 690, gid: 691, home: "/var/lib/dibbler"))
    let packages = try #require(resources["packages@head1:set-dibbler"])
    #expect(packages.after.map { "\($0)" }.contains("system-user@head1:dibbler"))
    let file = try #require(resources["file@head1:/etc/dibbler.conf"]?.desired as? FileKind.Desired)
    #expect(file.file.mode == 0o640 && file.file.owner == "root:dibbler")
    let text = String(decoding: file.file.contents.bytes, as: UTF8.self)
    #expect(text.hasPrefix("ankh\nmorpork\nnode01=64 ") && text.hasSuffix("\n/srv/state\n"), "\(text)")
    let key = try #require(resources["secret-file@head2:/etc/munge/munge.key"]?.desired as? SecretFileKind.Desired)
    #expect(key.file.owner == "munge:munge" && key.file.mode == 0o400)
    let unit = try #require(resources["unit@head2:dibbler.service"])
    let goal = try #require(unit.desired as? UnitKind.Desired).unit
    #expect(goal.enabled == false && goal.active == nil && goal.reload == .reload)
    let before = Set(unit.after.map { "\($0)" })
    #expect(before.isSuperset(of: ["unit@head2:munge.service", "state-folder@head2:/srv/state"]))
    let needs = WingCatalog.all.flatMap { $0.firewallNeeds(cluster) }.filter { $0.purpose == "dibbler" }
    #expect(needs.map(\.ports) == [[.tcp(4711)], [.init(.udp, 4712...4713)]])
    #expect(needs.map(\.origin) == [.network("private"), .anywhere])
  }

  /// The text of a file, by the group's word, else the site's, else the set's own.
  @Test func aGroupHasAFileOfItsOwn() throws {
    func banners(_ site: String, group: String) throws -> [String: String] {
      let files = [
        "packages/banner/set.yaml": """
        summary: A word for who logs in.
        settings:
          text: { type: file, per: node, default: usual.txt, doc: What nodes say. }
        heads: { files: heads }
        nodes: { files: nodes, live: { /etc/banner: {} } }

        """,
        "packages/banner/heads/etc/banners.j2":
          "{% for node in cluster.nodes %}{{ node.name }} {{ node.set.text | lines }}{% endfor %}",
        "packages/banner/nodes/etc/banner.j2": "{{ node.set.text | lines }}",
        "usual.txt": "usual\n", "site.txt": "the site's\n", "fat.txt": "the group's\n",
      ]
      let loaded = try load("{ banner: { \(site) } }", files, group: "    packages: { banner: { \(group) } }\n")
      let cluster = try #require(loaded.cluster, "\(loaded.diagnostics.map(\.detail))")
      try #require(!loaded.diagnostics.contains { $0.severity == .error }, "\(loaded.diagnostics.map(\.detail))")
      let own = Publications(cluster, loaded.files).liveFiles.own.mapValues { files in
        files.first { $0.path == "/etc/banner" }.map { String(decoding: $0.contents.bytes, as: UTF8.self) } ?? ""
      }
      let file = Expansion.expand(cluster, loaded.files).compactMap { $0.desired as? FileKind.Desired }
        .first { $0.file.path == "/etc/banners" }
      let onHeads = String(decoding: try #require(file).file.contents.bytes, as: UTF8.self)
      for (node, text) in own { #expect(onHeads.contains("\(node) \(text)"), "heads and nodes read the same") }
      return Dictionary(uniqueKeysWithValues: own.map { ("\($0.key)", $0.value) })
    }
    #expect(Set(try banners("", group: "text: fat.txt").values) == ["the group's\n"])
    #expect(Set(try banners("text: site.txt", group: "text: fat.txt").values) == ["the group's\n"])
    #expect(Set(try banners("text: site.txt", group: "").values) == ["the site's\n"])
    #expect(Set(try banners("", group: "").values) == ["usual\n"])
  }

  /// The gate is a file of the set like others, which the build has compiled, and slurmctld alone has it in front.
  @Test func slurmctldHasTheGateWhereItsStateMoves() throws {
    func dropIn(_ settings: String, _ ha: String) throws -> (text: String, gate: [UInt8], report: String?) {
      let loaded = try load("{ munge: {}, slurm: { \(settings) } }", ha: ha)
      let cluster = try #require(loaded.cluster, "\(loaded.diagnostics)")
      let resources = Dictionary(
        Expansion.expand(cluster, loaded.files).map { ("\($0.id)", $0) }, uniquingKeysWith: { first, _ in first })
      func bytes(_ path: String) throws -> [UInt8] {
        try #require(resources["file@head1:\(path)"]?.desired as? FileKind.Desired).file.contents.bytes
      }
      return (
        String(decoding: try bytes("/etc/systemd/system/slurmctld.service.d/cluster.conf"), as: UTF8.self),
        try bytes("/usr/lib/cluster/sets/slurm/gate.so"),
        WingCatalog.services(of: cluster).first { $0.name == "slurmctld" }?.report
      )
    }
    let durable = try dropIn("cpus: 4", Self.state)
    #expect(durable.gate.starts(with: [0x7f, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")]))
    #expect(durable.text.contains("LD_PRELOAD=/usr/lib/cluster/sets/slurm/gate.so"))
    #expect(durable.text.contains("\"GATE_STATE=/srv/state/slurm/slurmctld\""))
    #expect(durable.report == "/run/cluster-slurm/gate")
    #expect(!(try dropIn("durable: false", Self.state).text.contains("LD_PRELOAD")))
  }

  private static let probe = """
    summary: A probe.
    settings:
      port: { type: number, default: 4711, doc: Where it answers. }
      key: { type: secret, default: "", doc: What it answers to. }
    heads:
      open: [{ tcp: "{{ set.port }}", from: nodes }]
      secrets: { /etc/probe/key: { from: "{{ set.key }}" } }
      units: [probe.timer, probe.socket, srv-probe.mount]

    """

  @Test func portsAndSecretsMayBeSettings() throws {
    func parts(_ settings: String) throws -> (ports: [[FirewallNeed.Port]], secrets: [SecretRef], units: [String]) {
      let loaded = try load("{ probe: \(settings) }", ["packages/probe/set.yaml": Self.probe])
      let cluster = try #require(loaded.cluster, "\(loaded.diagnostics)")
      let resources = Expansion.expand(cluster, loaded.files).filter { $0.id.host == "head1" }
      let needs = WingCatalog.all.flatMap { $0.firewallNeeds(cluster) }.filter { $0.purpose == "probe" }
      let secrets = resources.filter { $0.id.name == "/etc/probe/key" }
        .compactMap { ($0.desired as? SecretFileKind.Desired)?.file.secret }
      return (needs.map(\.ports), secrets, resources.map(\.id.name).filter { $0.contains("probe.") })
    }
    let usual = try parts("{}")
    #expect(usual.ports == [[.tcp(4711)]] && usual.secrets.isEmpty)
    #expect(Set(usual.units) == ["probe.timer", "probe.socket", "srv-probe.mount"])
    let own = try parts("{ port: 4712, key: secret:probe/key }")
    #expect(own.ports == [[.tcp(4712)]] && own.secrets == [SecretRef("probe/key")])
  }

  @Test func whatASettingPutsIntoASetIsReadAsIfItStoodThere() throws {
    func told(_ settings: String, _ old: String = "", _ new: String = "") throws -> [String] {
      try problems("{ probe: \(settings) }", ["packages/probe/set.yaml": Self.probe.replacing(old, with: new)])
    }
    #expect(try told("{ port: 70000 }").map { $0.prefix(45) } == ["spec.bad-number packages/probe/set.yaml: `700"])
    #expect(try told("{ key: hunter2 }").map { $0.prefix(34) } == ["spec.literal-secret cluster.yaml: "])
    #expect(
      try told("{}", "set.port", "set.prot")
        == ["spec.template packages/probe/set.yaml: `set` has no `prot`."])
    #expect(
      try told("{}", "probe.timer", "probe.slice")
        == ["spec.bad-name packages/probe/set.yaml: `probe.slice` is not the name of a unit that can be enabled."])
  }

  /// Also where nothing turns it on.
  @Test func thePurposeOfASetIsInItsFile() {
    #expect(SpecReader.summary(ofSet: Array(Self.probe.utf8)) == "A probe.")
    #expect(SpecReader.summary(ofSet: Array("heads: {}\n".utf8)) == nil)
  }

  @Test func nodesGetAccountsAndSecrets() throws {
    let loaded = try load("{ munge: {} }")
    let cluster = try #require(loaded.cluster, "\(loaded.diagnostics)")
    let recipe = try #require(Publications(cluster, loaded.files).images["compute"])
    #expect(recipe.users.map(\.passwd) == ["munge:x:641:641::/nonexistent:/usr/sbin/nologin"])
    #expect(recipe.secretPaths == ["/etc/munge/munge.key"] && recipe.packages.contains("munge"))
    let identities = try #require(
      Expansion.expand(cluster, loaded.files).lazy.compactMap { $0.desired as? NodeIdentitiesKind.Desired }.first)
    #expect(identities.goal.files["compute"]?.map(\.secret) == [SecretRef("generated/munge")])
    let without = try #require(try load("{ metrics: {} }").cluster)
    let other = try #require(Publications(without, loaded.files).images["compute"])
    #expect(other.layerKey != recipe.layerKey && other.users.isEmpty)
  }

  @Test func pacemakerMovesServicesOfSets() throws {
    let loaded = try load("{ munge: {}, dibbler: {} }", Self.files, ha: Self.state)
    let cluster = try #require(loaded.cluster, "\(loaded.diagnostics)")
    let configuration = try #require(
      Expansion.expand(cluster, loaded.files).lazy.compactMap { $0.desired as? PacemakerConfigurationKind.Desired }
        .first)
    let elements = configuration.elements.map(\.xml).joined(separator: "\n")
    for part in [
      "name=\"unit\" value=\"dibbler.service\"", "name=\"tcp_port\" value=\"4711\"",
      "first=\"dibbler-db\" id=\"dibbler-after-dibbler-db\" kind=\"Optional\" then=\"dibbler\"",
      "name=\"marker\" value=\"/srv/state/.cluster-state\"", "name=\"marker_text\" value=\"rowan rowan.example.org\"",
    ] { #expect(elements.contains(part), "\(part)") }
  }

  @Test func whatIsMissingOrContradictsIsTold() throws {
    #expect(
      try problems("{ dibbler: {} }", Self.files, ha: Self.state)
        == ["spec.set-need cluster.yaml: The set `dibbler` needs the set `munge`, which is not on."])
    #expect(
      try problems("{ munge: {}, dibbler: {} }", Self.files) == [
        "spec.set-need cluster.yaml: `db` keeps its state on disk, and each head has a disk of its own.",
        "spec.set-need cluster.yaml: `dibbler` keeps its state on disk, and each head has a disk of its own.",
      ])
    #expect(
      try problems("{ munge: {} }", ha: Self.state)
        == ["spec.no-effect cluster.yaml: No service keeps its state in `/srv/state`."])
    let same = [
      "packages/one/set.yaml": "summary: One.\nneeds: [two]\nusers: { one: { uid: 641 } }\n",
      "packages/two/set.yaml": "summary: Two.\nneeds: [one]\n",
    ]
    #expect(
      try problems("{ munge: {}, one: {}, two: {} }", same) == [
        "spec.set-need packages/one/set.yaml: These sets need each other: `one` needs `two` needs `one`.",
        "spec.set-user cluster.yaml: The account one of the set `one` (641:641) and munge of `munge` (641:641) contradict each other.",
      ])
    #expect(
      try problems("{ munge: { }, dibbler: { people: none.txt } }", Self.files, ha: Self.state)
        == ["spec.missing-file cluster.yaml: `none.txt` is not there, or is no file."])
  }

  @Test func aGroupGivesOnlySettingsOfNodes() throws {
    func group(_ settings: String) throws -> [String] {
      try problems(
        "{ munge: {}, dibbler: {} }", Self.files, ha: Self.state, group: "    packages: \(settings)\n")
    }
    #expect(
      try group("{ dibbler: { people: others.txt } }")
        == ["spec.no-effect cluster.yaml: `people` of the set `dibbler` is one for the whole cluster."])
    #expect(
      try group("{ dibbler: { coers: 4 } }")
        == ["spec.unknown-key cluster.yaml: `coers` is not a setting of `dibbler`."])
    #expect(
      try group("{ slurm: {} }")
        == ["spec.set-need cluster.yaml: The set `slurm` is not on, so these nodes have no settings of it."])
    #expect(try group("{ dibbler: { cores: many } }").first?.hasPrefix("spec.bad-number cluster.yaml:") == true)
  }

  @Test func aSetOfTheSiteTakesThePlaceOfOurs() throws {
    let own = ["packages/munge/set.yaml": "summary: Our own.\nnodes: { packages: [munge] }\n"]
    let set = try #require(try load("{ munge: {} }", own).cluster?.sets.first)
    #expect(set.summary == "Our own." && set.users.isEmpty)
  }

  /// Plain units of two sets are one wish, which takes up the files of both and goes with the last.
  @Test func aUnitOfTwoSetsIsOne() throws {
    func set(_ name: String) -> [String: String] {
      [
        "packages/\(name)/set.yaml": "summary: A part of a daemon.\nheads: { files: files, units: [shared.service] }\n",
        "packages/\(name)/files/etc/shared.d/\(name)": "\(name)\n",
      ]
    }
    let both = set("a").merging(set("b")) { first, _ in first }
    let specification = try load("{ a: , b: }", both)
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    let resources = Expansion.expand(cluster, specification.files)
    let units = resources.filter { $0.id == UnitKind.id(on: "head1", "shared.service") }
    #expect(units.count == 1)
    let desired = try #require(units.first?.desired as? UnitKind.Desired)
    #expect(desired.unit.configuration == ["/etc/shared.d/a", "/etc/shared.d/b"])
    #expect(desired.watches.count == 2 && units.first?.because == "heads have the package sets a and b")
  }

  @Test func aUnitOfOursIsNoSets() throws {
    let files = ["packages/a/set.yaml": "summary: A.\nheads: { units: [nginx.service] }\n"]
    #expect(
      try problems("{ a: }", files) == [
        "spec.service-unit cluster.yaml: The set `a` names nginx.service among its units, which `cluster` decides about "
          + "itself."
      ])
  }

  /// What Pacemaker is to start on one head is no unit of every head.
  @Test func aServiceOfOneSetIsNoUnitOfAnother() throws {
    let files = [
      "packages/a/set.yaml": "summary: A.\nheads: { services: { one: { unit: shared.service } } }\n",
      "packages/b/set.yaml": "summary: B.\nheads: { units: [shared.service] }\n",
      "packages/c/set.yaml": "summary: C.\nheads: { services: { two: { unit: shared.service } } }\n",
    ]
    #expect(
      try problems("{ a: , b: }", files) == [
        "spec.service-unit packages/a/set.yaml: shared.service is the service `one` of the set `a`, which runs on one "
          + "head, and a unit of every head of `b`."
      ])
    #expect(
      try problems("{ a: , c: }", files) == [
        "spec.service-unit packages/c/set.yaml: shared.service is the service `two` of the set `c`, which runs on one "
          + "head, and another service of `a`."
      ])
  }
}
