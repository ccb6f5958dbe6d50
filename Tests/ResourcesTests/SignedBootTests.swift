// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecReading
import TestKit
import Testing

@testable import Wings

/// `boot: signed`: the scripts, what dnsmasq and nginx say to whom, and what a plan says of signatures.
@Suite struct SignedBootTests {
  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    BOOT
    networks:
      private: { cidr: 10.1.0.0/16, gateway: 10.1.0.254, serves: [dhcp, dns, boot] }
      rack: { cidr: 10.2.0.0/16, serves: [dhcp, boot], relay: private, gateway: 10.2.0.254 }
    heads:
      head1:
        nics: { eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 } }
    images: { compute: { release: debian/bookworm } }
    nodes:
      - names: node[001-002]
        image: compute
        nics: { eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ } }
      - names: node[003-004]
        image: compute
        kernel_args: [console=ttyS1, "pci=nommconf,realloc"]
        nics: { eth0: { network: rack, address: 10.2.1.1+, mac: 52:54:00:12:00:01+ } }

    """

  private func cluster(_ boot: String) throws -> Cluster {
    try SimulatedSite.read(Self.spec.replacing("BOOT", with: boot))
  }

  private func files(_ cluster: Cluster) -> [String: String] {
    var files: [String: String] = [:]
    for resource in Expansion.expand(cluster, SiteFiles()) {
      if let file = (resource.desired as? FileKind.Desired)?.file, case .text(let text) = file.contents {
        files[file.path] = text
      }
      for (name, entry) in (resource.desired as? TreeKind.Desired)?.tree.files ?? [:] {
        if case .text(let text) = entry.contents { files["\((resource.id.name))/\(name)"] = text }
      }
    }
    return files
  }

  private func goal(_ cluster: Cluster) -> BootSignaturesGoal? {
    Expansion.expand(cluster, SiteFiles()).lazy.compactMap { ($0.desired as? BootSignaturesKind.Desired)?.goal }.first
  }

  @Test func machinesWhoseAddressesEndAlikeShareAScript() throws {
    let cluster = try cluster("boot: signed")
    let files = files(cluster)

    let digest = try #require(Publications(cluster, SiteFiles()).images["compute"]?.digest)
    let script = try #require(files["\(WellKnown.signedScripts)/01.cfg"]).replacing(digest, with: "DIGEST")
    expectGolden(script, at: "cases/signed/01.cfg")
    #expect(files.keys.filter { $0.hasPrefix(WellKnown.signedScripts) }.count == 2)
    // Heads boot as before, and a node that runs iPXE's script for the unnamed starts over.
    #expect(files["\(WellKnown.machineScripts)/52-54-00-01-00-01.ipxe"]?.contains("sanboot") == true)
    #expect(files["\(WellKnown.machineScripts)/52-54-00-11-00-01.ipxe"]?.hasSuffix("\nreboot\n") == true)
  }

  @Test func dnsmasqNamesTheLoaderToNodesAlone() throws {
    let files = files(try cluster("boot: signed"))

    expectGolden(try #require(files["/etc/dnsmasq.d/cluster.conf"]), at: "cases/signed/dnsmasq.conf")
    let lines = try #require(files["\(WellKnown.dhcpHosts)/machines"]).split(separator: "\n")
    #expect(lines.filter { $0.hasSuffix(",set:signed") }.count == 4)
    #expect(lines.contains("52:54:00:01:00:01,head1,10.1.0.1,15m"))
  }

  @Test func eachAsksForItsScriptByItsOwnAddress() throws {
    let nginx = try #require(files(try cluster("boot: signed"))["/etc/nginx/nginx.conf"])
    let plain = try #require(files(try cluster(""))["/etc/nginx/nginx.conf"])

    let added = nginx.split(separator: "\n").filter { !plain.split(separator: "\n").contains($0) }
    expectGolden(added.joined(separator: "\n") + "\n", at: "cases/signed/nginx.conf")
  }

  @Test func aLoaderIsMadeForEachAddressOfTheHeads() throws {
    let cluster = try cluster("boot: signed")
    let goal = try #require(self.goal(cluster))

    #expect(goal.loaders.map(\.name) == ["boot"])
    expectGolden(goal.loaders[0].configuration, at: "cases/signed/grub.cfg")
    #expect(goal.images == [Publications(cluster, SiteFiles()).identity(ofImage: "compute")].compactMap { $0 })
    #expect(goal.key == .bootSigning && SecretRef.bootSigning.generatedBytes == 64)
  }

  /// Else a head would sign what it has taken over from another one, unsigned.
  @Test func signedImagesAreOtherImages() throws {
    let (plain, signed) = (try cluster("boot: plain"), try cluster("boot: signed"))

    #expect(files(plain) == files(try cluster("")) && goal(plain) == nil)
    let images = [plain, signed].map { Publications($0, SiteFiles()).images["compute"] }
    #expect(images[0]?.signature == nil && images[1]?.signature == .bootSigning)
    #expect(images[0]?.digest != images[1]?.digest)
    #expect(EnsureImage(try #require(images[1])).secrets == [.bootSigning])
  }

  @Test func whereNothingBootsNothingCanBeSigned() throws {
    let nodes = Self.spec.firstRange(of: "nodes:\n")?.lowerBound ?? Self.spec.endIndex
    let spec = String(Self.spec[..<nodes]).replacing("BOOT", with: "boot: signed")

    let problems = WingCatalog.problems(of: try SimulatedSite.read(spec))
    #expect(problems.map(\.code) == [.noEffect] && problems[0].severity == .error)
  }

  // MARK: Plans

  private func because(_ state: BootSignaturesState?) throws -> String? {
    let goal = try #require(self.goal(try cluster("boot: signed")))
    let answers = Answers(
      Inventory(hosts: ["head1": .knowing(BootSignaturesProbe(goal.key).answered(state))], observedAt: 0),
      uninstalled: [])
    let (id, desired) = (BootSignaturesKind.id(on: "head1"), BootSignaturesKind.Desired(goal))
    return try BootSignaturesKind.steps(
      id, desired, try BootSignaturesKind.interpret(id, desired, answers),
      PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0, previous: nil)
    ).first?.because
  }

  @Test func whateverIsNotOfThisKeyAndTheseScriptsIsSignedAnew() throws {
    let digest = try #require(self.goal(try cluster("boot: signed"))).digest
    func state(_ goal: String? = nil, key: Bool = true, loader: Bool = true, intact: Bool = true) throws -> String? {
      try because(.init(goal: goal ?? digest, isOfKey: key, isOfLoader: loader, isIntact: intact))
    }
    #expect(try because(nil) == "head1 has signed nothing")
    #expect(try state() == nil)
    #expect(try state(key: false) == "the signatures are of another secret:boot/signing-key")
    #expect(try state("other") == "the signatures are of other scripts")
    #expect(try state(loader: false) == "another GRUB is installed")
    #expect(try state(intact: false) == "the signatures are not as they were written")
  }
}
