// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import SpecReading
import Testing

@testable import Wings

/// Nodes that run from their own disks: what they are told, and what plans say of it.
@Suite struct NodeRootTests {
  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
    heads:
      head1: { nics: { eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 } } }
    images:
      compute: { release: debian/bookworm }
      plain: { release: debian/bookworm }
    nodes:
      - names: node[001-002]
        image: compute
        boot: disk
        root: { device: "model:ACME 1 TB" }
        nics: { eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ } }
      - names: plain
        image: plain
        nics: { eth0: { network: private, address: 10.1.3.1, mac: 52:54:00:13:00:01 } }

    """

  private static let disk = ComputeNode.Boot(rawValue: "disk")

  private func cluster(_ spec: String = Self.spec) throws -> Cluster { try SimulatedSite.read(spec) }

  private func script(_ cluster: Cluster, _ node: Int = 0) throws -> String {
    let scripts = Expansion.expand(cluster, SiteFiles()).first { $0.id == WellKnown.machineScripts(on: "head1") }
    let tree = try #require(scripts?.desired as? TreeKind.Desired)
    let mac = try #require(cluster.nodes[node].nics.first?.mac)
    guard case .text(let text)? = tree.tree.files["\(mac.hyphenated).ipxe"]?.contents else { return "" }
    return text
  }

  @Test func theScriptNamesTheDiskAndItsID() throws {
    let cluster = try cluster()
    let id = Disk.rootID(of: cluster.nodes[0], in: cluster)
    #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}/) != nil, "\(id)")
    #expect(Disk.rootID(of: cluster.nodes[1], in: cluster) != id)
    let script = try script(cluster)
    #expect(script.contains(" boot=cluster-disk cluster.root=\(id),never,model:ACME%201%20TB head="), "\(script)")
    #expect(!script.contains("cluster.args="))
    #expect(try !self.script(cluster, 2).contains("cluster-disk"))
  }

  /// Only another number is among the arguments for which a node restarts: a permission that is taken back, or a better
  /// rule for the same disk, restarts nobody.
  @Test func anotherNumberRestarts() throws {
    let before = try cluster()
    let other = "root: { device: nvme, wipe: once }"
    let changed = try cluster(Self.spec.replacing("root: { device: \"model:ACME 1 TB\" }", with: other))
    let again = try cluster(Self.spec.replacing("1 TB\" }", with: "1 TB\", install: 2 }"))
    func tag(_ cluster: Cluster) -> String? { Disk.arguments(of: cluster.nodes[0]).tag }
    #expect(tag(before) == nil && tag(changed) == nil)
    let wanted = try #require(tag(again))
    #expect(try script(again).contains(" cluster.args=\(wanted) cluster.root_install=2 boot=cluster-disk "))
    #expect(try script(changed).contains(",once,nvme head="))
  }

  @Test func onlyTheirImageHasTheInstaller() throws {
    let added = try #require(Nodes.contributions(try cluster()).first)
    #expect(added.images == ["compute"] && added.packages.contains("extlinux"))
    #expect(added.files["usr/lib/cluster/root-disk"]?.executable == true)
    // It goes by the rules of `disks:`, whether or not the image has those.
    #expect(added.files["usr/lib/cluster/disks"]?.executable == true)
    let memory = Self.spec.replacing("    boot: disk\n    root: { device: \"model:ACME 1 TB\" }\n", with: "")
    #expect(Nodes.contributions(try cluster(memory)).isEmpty)
  }

  @Test func plansSayWhatIsDestroyed() throws {
    let spec = Self.spec.replacing("1 TB\" }", with: "1 TB\", wipe: once }")
    let notes = Nodes.notes(try cluster(spec), Inventory(hosts: [:], observedAt: 0))
    #expect(notes.count == 1 && notes[0].hasPrefix("`wipe: once`: node[001-002] will destroy whatever else is on "))
    #expect(Nodes.notes(try cluster(), Inventory(hosts: [:], observedAt: 0)).isEmpty)
    var row = NodesKind.Row(
      name: "node001", mac: try #require(MACAddress("52:54:00:11:00:01")),
      address: try #require(IPv4Address("10.1.1.1")), bmc: nil, boot: Self.disk, image: "compute/2")
    var report = NodeReport(mac: row.mac, stage: .ready, image: "compute/1", verified: true, age: 1, uptime: 60)
    let image =
      "node001 runs compute/1, not compute/2; its root is installed anew, and what was written there since is "
    #expect(NodesKind.need(row, report, at: nil) == .restart(image + "lost"))
    row.image = "compute/1"
    row.arguments = "0123456789abcdef"
    guard case .restart(let why)? = NodesKind.need(row, report, at: nil) else {
      Issue.record("another number restarts no node")
      return
    }
    #expect(why.contains("; where `install:` is another number, its root is installed anew"))
    report.arguments = row.arguments
    #expect(NodesKind.need(row, report, at: nil) == nil)
  }

  /// What a node on a disk of somebody's says, and what to do.
  @Test func aRefusedDiskIsTold() throws {
    let goal = NodeGoal(
      node: "node001", mac: try #require(MACAddress("52:54:00:11:00:01")), bmc: nil, boot: Self.disk,
      image: "compute/1",
      restart: false, deadlineSeconds: 600)
    let report = NodeReport(
      mac: goal.mac, stage: .failed, image: "compute/1", verified: false, age: 1, uptime: nil,
      detail: "/dev/sda is left alone: it has ext4")
    guard case .failed(let error) = goal.standing(report, waited: 5) else {
      Issue.record("it is waited for")
      return
    }
    #expect(error.cause == "it says “/dev/sda is left alone: it has ext4”")
    #expect(error.next.contains("`wipe: once` in `root:`"), "\(error.next)")
  }

  @Test(arguments: [
    ("    boot: disk\n", "", "These nodes do not run from a disk."),
    (
      "cluster: alps\n", "cluster: alps\nboot: signed\n",
      "`boot: signed` would not hold for nodes that run from their disks."
    ),
  ])
  func whatHasNoEffectIsRefused(_ edit: (old: String, new: String, detail: String)) throws {
    let problems = Nodes.problems(try cluster(Self.spec.replacing(edit.old, with: edit.new)))
    #expect(problems.map(\.detail) == [edit.detail])
    #expect(problems.first?.code == .noEffect)
    #expect(Nodes.problems(try cluster()).isEmpty)
  }

  /// A way that needs a disk, without one; and a disk that is somebody else's in the same description.
  @Test(arguments: [
    ("    root: { device: \"model:ACME 1 TB\" }\n", "", "spec.missing-key"),
    (
      "    root: {",
      "    disks: [{ device: \"model:ACME 1 TB\", partitions: [{ label: swap, format: swap }] }]\n    root: {",
      "spec.bad-partition"
    ),
    ("wipe: never", "wipe: each boot", "spec.unknown-choice"),
  ])
  func whatContradictsIsRefused(_ edit: (old: String, new: String, code: String)) throws {
    let spec = Self.spec.replacing("1 TB\" }", with: "1 TB\", wipe: never }").replacing(
      edit.old.replacing("1 TB\" }", with: "1 TB\", wipe: never }"), with: edit.new)
    let reading = SpecReader.read(Array(spec.utf8), file: "cluster.yaml", keys: WingCatalog.keys)
    #expect(reading.diagnostics.map(\.code.id) == [edit.code])
  }
}
