// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

/// Interfaces are handed over from ifupdown, and nothing else of its file is touched.
@Suite struct IfupdownKindTests {
  private static let installed = """
    source /etc/network/interfaces.d/*

    auto lo
    iface lo inet loopback

    # The primary network interface
    allow-hotplug eth1
    iface eth1 inet static
      address 192.0.2.11/24
      gateway 192.0.2.1
      # dns-* options are implemented by the resolvconf package, if installed
      dns-nameservers 192.0.2.53

    auto eth1 eth9
    iface eth9 inet dhcp
    iface eth1:1 inet static
      address 192.0.2.12/24
    """

  private func drafts(_ text: String?, _ more: [String: String] = [:]) throws -> [StepDraft] {
    let id = IfupdownKind.id(on: "head1")
    let files = text.map { more.merging([IfupdownKind.path: $0]) { first, _ in first } }
    let answers = Answers(
      Inventory(hosts: ["head1": .knowing(IfupdownProbe().answered(files))], observedAt: 0), uninstalled: [])
    let desired = IfupdownKind.Desired(["eth0", "eth1"])
    return try IfupdownKind.steps(
      id, desired, try IfupdownKind.interpret(id, desired, answers),
      PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0))
  }

  @Test func onlyDescribedInterfacesAreTaken() throws {
    let draft = try #require(try drafts(Self.installed).first)
    let goal = try #require(draft.operation.as(EnsureFile.self)?.goal)

    #expect(
      String(decoding: goal.contents.bytes, as: UTF8.self) == """
        source /etc/network/interfaces.d/*

        auto lo
        iface lo inet loopback

        # The primary network interface
        #cluster: allow-hotplug eth1
        #cluster: iface eth1 inet static
        #cluster:   address 192.0.2.11/24
        #cluster:   gateway 192.0.2.1
          # dns-* options are implemented by the resolvconf package, if installed
        #cluster:   dns-nameservers 192.0.2.53

        auto eth9
        iface eth9 inet dhcp
        #cluster: iface eth1:1 inet static
        #cluster:   address 192.0.2.12/24
        """)
    #expect(draft.because.contains("ifupdown has eth1 too"))
    #expect(draft.changes.contains { $0.hasPrefix("-") && $0.contains("192.0.2.11/24") })
    // The host puts it back by itself when what follows cuts it off.
    #expect(draft.operation.lockout == .prepared(path: IfupdownKind.path))
    #expect(try drafts(String(decoding: goal.contents.bytes, as: UTF8.self)).isEmpty, "once is enough")
  }

  @Test func withoutIfupdownThereIsNothingToDo() throws {
    #expect(try drafts(nil).isEmpty)
    #expect(try drafts("auto lo\niface lo inet loopback\n").isEmpty)
  }

  /// As Debian's cloud images, and those who keep a file for each card, leave it.
  @Test func filesThatAreReadTooAreTaken() throws {
    let path = "/etc/network/interfaces.d/eth1.cfg"
    let drafts = try drafts("source /etc/network/interfaces.d/*\n", [path: "auto eth1\niface eth1 inet dhcp\n"])

    let goal = try #require(drafts.first?.operation.as(EnsureFile.self)?.goal)
    #expect(drafts.count == 1 && goal.path == path && drafts[0].verb == "hand-over-eth1.cfg")
    #expect(goal.contents == .text("#cluster: auto eth1\n#cluster: iface eth1 inet dhcp\n"))
  }
}

/// Described cards are taken from NetworkManager where there is one, and addresses are on one head.
@Suite struct OwnersOfInterfacesTests {
  private static func unit(_ exists: Bool) -> UnitState {
    UnitState(
      exists: exists, enabled: exists, masked: false, active: exists ? "active" : "inactive",
      configuration: exists ? .loaded : .notRunning)
  }

  @Test func networkManagerGetsADropInWhereItIsInstalled() throws {
    let id = NetworkManagerKind.id(on: "head1")
    let desired = NetworkManagerKind.Desired(["eno1", "eno2"])
    func drafts(_ exists: Bool, _ file: FileState) throws -> [StepDraft] {
      let probe = UnitProbe("NetworkManager.service", configuration: [])
      let inventory = Inventory(
        hosts: [
          "head1": .knowing(
            probe.answered(Self.unit(exists)), FileProbe(NetworkManagerKind.path).answered(file))
        ], observedAt: 0)
      let answers = Answers(inventory, uninstalled: [])
      return try NetworkManagerKind.steps(
        id, desired, try NetworkManagerKind.interpret(id, desired, answers),
        PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0))
    }
    #expect(try drafts(false, .absent).isEmpty)
    let goal = try #require(try drafts(true, .absent).first?.operation.as(EnsureFile.self))
    let text = String(decoding: goal.goal.contents.bytes, as: UTF8.self)
    #expect(text.contains("unmanaged-devices+=interface-name:eno1;interface-name:eno2\n"))
    #expect(
      goal.lockout == .prepared(path: NetworkManagerKind.path), "the host undoes it when what follows cuts it off")
    let there = FileFacts(
      digest: SHA256.hex(text), size: 1, mode: 0o644, owner: "root", group: "root", contents: text, managed: true)
    #expect(try drafts(true, .file(there)).isEmpty)
  }

  private static let desired = AddressOwnersKind.Desired(
    others: [.init(address: .v4(IPv4Address(bits: 0x0a01_0001)), owner: "head1")],
    service: [.v4(IPv4Address(bits: 0x0a01_000a))], heads: ["head1", "head2"], interfaces: ["eth0"])

  private static func problem(_ first: [String], _ second: [String], file: String? = nil) throws -> String? {
    func links(_ addresses: [String]) -> (AnyProbe, AnyAnswer) {
      LinksProbe().answered([LinkState(name: "eth0", mac: nil, up: true, addresses: addresses, gateways: [])])
    }
    let state: FileState =
      file.map {
        .file(
          FileFacts(digest: "", size: 1, mode: 0o644, owner: "root", group: "root", contents: $0, managed: true))
      } ?? .absent
    let inventory = Inventory(
      hosts: [
        "head1": .knowing(links(first)),
        "head2": .knowing(links(second), FileProbe(LinkKind.path("eth0")).answered(state)),
      ], observedAt: 0)
    do throws(Unreadable) {
      _ = try AddressOwnersKind.interpret(
        AddressOwnersKind.id(on: "head2"), desired, Answers(inventory, uninstalled: []))
      return nil
    } catch {
      guard case .failed("head2", let problem) = error else { return "\(error)" }
      return problem.message
    }
  }

  /// Field case: head2 has the address of head1 beside its own, and a plan said "No changes".
  @Test func anAddressOfAnotherHeadIsTold() throws {
    #expect(
      try Self.problem(["10.1.0.1/16"], ["10.1.0.2/16", "10.1.0.1/16"])
        == "10.1.0.1/16 on eth0 of head2 is the address of head1")
    #expect(try Self.problem(["10.1.0.1/16"], ["10.1.0.2/16", "10.1.0.77/16"]) == nil)
    // Two heads exchange addresses: what our own file has put there is about to go.
    #expect(try Self.problem([], ["10.1.0.1/16"], file: "[Network]\nAddress=10.1.0.1/16\n") == nil)
  }

  @Test func aServiceAddressOnTwoHeadsIsTold() throws {
    #expect(
      try Self.problem(["10.1.0.1/16", "10.1.0.10/16"], ["10.1.0.2/16", "10.1.0.10/16"])
        == "10.1.0.10/16 is on head1 and on eth0 of head2 at once")
    #expect(try Self.problem(["10.1.0.1/16"], ["10.1.0.2/16", "10.1.0.10/16"]) == nil)
  }

  /// By SLAAC a head may be reached, or reach the world. Of IPv6 nothing is said, so nothing is changed.
  @Test func announcedRoutersAreLeftAlone() {
    let plain = LinkGoal(interface: "eno1", address: IPv4Address(bits: 0x0a01_0001), prefix: 16, gateway: nil)
    #expect(!LinkKind.contents(plain).contains("IPv6"))
  }
}
