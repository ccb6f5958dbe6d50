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

  private func drafts(_ text: String?) throws -> [StepDraft] {
    let id = IfupdownKind.id(on: "head1")
    let state: FileState =
      text.map {
        .file(
          FileFacts(
            digest: SHA256.hex($0), size: $0.utf8.count, mode: 0o644, owner: "root", group: "root", contents: $0,
            managed: false))
      } ?? .absent
    let answers = Answers(
      Inventory(hosts: ["head1": .knowing(FileProbe(IfupdownKind.path).answered(state))], observedAt: 0),
      uninstalled: [])
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
}
