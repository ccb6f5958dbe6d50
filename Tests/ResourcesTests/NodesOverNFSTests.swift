// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import Testing

@testable import Wings

/// Nodes whose roots come over NFS: what they are told, and what heads have for them.
@Suite struct NodesOverNFSTests {
  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
    heads:
      head1: { nics: { eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 } } }
      head2: { nics: { eth0: { network: private, address: 10.1.0.2, mac: 52:54:00:01:00:02 } } }
    images:
      compute: { release: debian/bookworm }
      plain: { release: debian/bookworm }
    nodes:
      - names: node[001-002]
        image: compute
        boot: nfs
        nics: { eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ } }
      - names: plain
        image: plain
        nics: { eth0: { network: private, address: 10.1.3.1, mac: 52:54:00:13:00:01 } }
    ha:
      addresses: { private: 10.1.0.10 }
      services: [dhcp, dns, boot]
      heartbeat: { links: [private] }
      unsafe_without_fencing: true

    """
  private static let build = "compute/0123456789abcdef"
  private static let noUnit = UnitState(
    exists: false, enabled: false, masked: false, active: "inactive", configuration: .notRunning)
  private static let mac = MACAddress(bits: 0x5254_0011_0001)

  private func cluster(_ spec: String = Self.spec) throws -> Cluster { try SimulatedSite.read(spec) }

  private func desired(_ cluster: Cluster, on head: HostID = "head2") throws -> NFSRootsKind.Desired {
    let all = Expansion.expand(cluster, SiteFiles())
    return try #require(all.first { $0.id == NFSRootsKind.id(on: head) }?.desired as? NFSRootsKind.Desired)
  }

  private func text(_ path: String, _ desired: NFSRootsKind.Desired) -> String {
    guard case .text(let text)? = desired.files.first(where: { $0.path == path })?.contents else { return "" }
    return text
  }

  @Test func theScriptSaysWhereTheRootIs() throws {
    let cluster = try cluster()
    let tree = Expansion.expand(cluster, SiteFiles()).first { $0.id == WellKnown.machineScripts(on: "head1") }
    let files = try #require(tree?.desired as? TreeKind.Desired).tree.files
    func script(_ mac: String) -> String {
      guard case .text(let text)? = files["\(mac).ipxe"]?.contents else { return "" }
      return text
    }
    let words = " boot=cluster-nfs cluster.nfs=/srv/cluster/roots head=10.1.0.10 "
    #expect(script("52-54-00-11-00-01").contains(words), "\(script("52-54-00-11-00-01"))")
    #expect(!script("52-54-00-13-00-01").contains("nfs"))
  }

  /// Images of others stay what they are, to the last byte.
  @Test func onlyTheirImageCanBeExported() throws {
    let published = Publications(try cluster(), SiteFiles())
    let memory = Publications(try cluster(Self.spec.replacing("    boot: nfs\n", with: "")), SiteFiles())
    #expect(published.images["compute"]?.isExportable == true)
    #expect(published.images["plain"]?.isExportable == false)
    #expect(memory.images["compute"]?.isExportable == false)
    #expect(published.images["plain"]?.digest == memory.images["plain"]?.digest)
    #expect(published.images["compute"]?.digest != memory.images["compute"]?.digest)
    let added = try #require(Nodes.contributions(try cluster()).first)
    #expect(added.images == ["compute"] && added.packages.isEmpty)
    // Both sides have these numbers and words each for itself.
    let client = String(decoding: PackageResources.initramfs_cluster_nfs, as: UTF8.self)
    #expect(client.contains("port=2049,") && client.contains("mountport=20048\n"))
    let server = String(decoding: PackageResources.nfs_roots, as: UTF8.self)
    #expect(server.contains("'\(ImageRecipes.contributed(NFS.contribution))\"'"))
    #expect(server.contains("roots=\(WellKnown.nfsRoots)\n") && server.contains("images=\(WellKnown.images)\n"))
  }

  /// Every head has the same, whichever has the address; the server starts with what is to be exported already written.
  @Test func everyHeadServes() throws {
    let cluster = try cluster()
    let desired = try desired(cluster)
    #expect(try desired == self.desired(cluster, on: "head1"))
    #expect(text("/etc/cluster/nfs-roots", desired).hasSuffix("network 10.1.0.0/16\nimage compute\n"))
    #expect(text("/etc/nfs.conf.d/cluster-nfs-roots.conf", desired).contains("\nport = 20048\n"))
    #expect(desired.files.contains { $0.path.contains("/pacemaker.service.d/") })
    #expect(desired.units.map(\.name) == ["nfs-server.service", "cluster-nfs-roots.timer"])
    #expect(
      NFSRoots.firewallNeeds(cluster)
        == [FirewallNeed("roots of nodes", [.tcp(2049), .tcp(20048)], from: .network("private"))])
    let none = try self.cluster(Self.spec.replacing("    boot: nfs\n", with: ""))
    #expect(!Expansion.expand(none, SiteFiles()).contains { $0.id.kind == NFSRootsKind.name })
    #expect(NFSRoots.firewallNeeds(none).isEmpty)
  }

  private func host(_ answers: [(AnyProbe, AnyAnswer)]) -> Inventory.Host {
    .answered(Dictionary(answers) { first, _ in first })
  }

  private func inventory(kernel: Bool, _ desired: NFSRootsKind.Desired, stored: [String] = []) -> Inventory {
    let report = NodeReport(mac: Self.mac, stage: .ready, image: Self.build, verified: true, age: 900_000, uptime: 5)
    let own =
      desired.files.map { FileProbe($0.path).answered(.absent) }
      + desired.units.map { UnitProbe($0.name, configuration: $0.configuration).answered(Self.noUnit) }
      + [
        KernelFileSystemProbe("nfsd").answered(kernel), PackagesProbe(desired.packages).answered([:]),
        StoredProbe().answered(stored.map { Stored(.init(.image, $0), bytes: 1, age: 1) }),
        NodeReportsProbe().answered([]),
      ]
    let other = [
      StoredProbe().answered([Stored(.init(.image, Self.build), bytes: 1, age: 1)]),
      NodeReportsProbe().answered([report]),
    ]
    return Inventory(hosts: ["head2": host(own), "head1": host(other)], observedAt: 0)
  }

  private func steps(_ inventory: Inventory) throws -> [StepDraft] {
    let (id, desired) = (NFSRootsKind.id(on: "head2"), try desired(try cluster()))
    let answers = Answers(inventory, uninstalled: [])
    return try NFSRootsKind.steps(
      id, desired, NFSRootsKind.interpret(id, desired, answers),
      PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0))
  }

  /// Before a file is written or a package installed.
  @Test func aKernelWithoutTheServerIsTold() throws {
    let inventory = try inventory(kernel: false, desired(cluster()))
    let error = #expect(throws: Unreadable.self) { try steps(inventory) }
    guard case .failed("head2", let why)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(why.message == "The kernel of head2 has no NFS server" && why.next.contains("`boot: stateless`"))
  }

  /// A head that could not serve what nodes run from would be their end as soon as it has the address.
  @Test func whatNodesRunFromIsOnEveryHead() throws {
    let desired = try desired(cluster())
    let lacking = try steps(inventory(kernel: true, desired))
    let fetch = try #require(lacking.last?.operation.as(EnsureImageFetched.self))
    #expect(fetch.name == "compute" && fetch.digest == "0123456789abcdef")
    #expect(fetch.source == "http://10.1.0.1:8080/images")
    #expect(lacking.last?.because == "nodes run from \(Self.build), and head2 could not serve it to them")
    #expect(lacking.dropLast().map(\.verb).contains("install"))
    #expect(Set(lacking.map(\.verb)).count == lacking.count)
    let there = try steps(inventory(kernel: true, desired, stored: [Self.build]))
    #expect(!there.contains { $0.operation.as(EnsureImageFetched.self) != nil })
  }

  @Test func signedBootIsRefused() throws {
    let problems = Nodes.problems(
      try cluster(Self.spec.replacing("cluster: alps\n", with: "cluster: alps\nboot: signed\n")))
    #expect(problems.map(\.code) == [.noEffect])
    #expect(problems.first?.detail.contains("over NFS") == true)
    #expect(Nodes.problems(try cluster()).isEmpty)
  }

  /// A disk is no use to them.
  @Test func aDiskToRunFromIsRefused() throws {
    let spec = Self.spec.replacing("    boot: nfs\n", with: "    boot: nfs\n    root: { device: nvme }\n")
    #expect(Nodes.problems(try cluster(spec)).map(\.detail) == ["These nodes do not run from a disk."])
  }
}
