// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator
import TestKit
import Testing

/// Plans as a reader sees them: the change of the spec, then the plan. After each is applied, nothing is left to do.
@Suite struct PlanCaseTests {
  @Test func fromNothing() async throws {
    try await expectPlan("from-nothing", SimulatedSite.example(), outline: true)
  }

  @Test func oneHeadFromNothing() async throws {
    try await expectPlan("one-head", SimulatedSite.oneHead(), outline: true)
  }

  /// Where the example is changed in one place.
  private struct Edit: CustomTestStringConvertible {
    var name: String
    var old: String
    var new: String
    var testDescription: String { name }
  }

  private static let edits = [
    Edit(name: "node-added", old: "node[001-004]", new: "node[001-005]"),
    Edit(name: "node-removed", old: "node[001-004]", new: "node[001-003]"),
    Edit(name: "image-package", old: "[hwloc-nox, numactl]", new: "[hwloc-nox, jq, numactl]"),
    Edit(name: "monitor-interval", old: "every: 3s", new: "every: 5s"),
    Edit(name: "dns-server", old: "dns: [198.51.100.1]", new: "dns: [198.51.100.1, 198.51.100.53]"),
    Edit(name: "head-bmc-moved", old: "address: 10.3.0.2,", new: "address: 10.3.0.99,"),
    Edit(name: "head-public-address", old: "address: 198.51.100.11,", new: "address: 198.51.100.14,"),
    Edit(name: "proxy-dropped", old: "repositories:\n  proxy: http://198.51.100.1:3142", new: "repositories: {}"),
    Edit(name: "failback-automatic", old: "failback: manual", new: "failback: automatic"),
    Edit(name: "timezone-changed", old: "timezone: Europe/Zurich", new: "timezone: UTC"),
    Edit(
      name: "ntp", old: "timezone: Europe/Zurich\n",
      new: "timezone: Europe/Zurich\nntp: { servers: [ntp.example.org] }\n"),
    Edit(
      name: "witness", old: "fencing: { via: bmc }\n", new: "fencing: { via: bmc }\n  witness: { host: node004 }\n"),
    Edit(name: "boot-signed", old: "timezone: Europe/Zurich\n", new: "timezone: Europe/Zurich\nboot: signed\n"),
    Edit(name: "timezone-dropped", old: "timezone: Europe/Zurich\n", new: ""),
    Edit(name: "cluster-renamed-domain", old: "domain: alps.example.org", new: "domain: alps.example.net"),
  ]

  @Test(arguments: edits)
  private func edited(_ edit: Edit) async throws {
    let site = try await SimulatedSite.appliedExample()
    let before = site.spec

    try site.edit(edit.old, edit.new)

    try await expectPlan(edit.name, site, before: before)
  }

  @Test func witnessDropped() async throws {
    let site = try await SimulatedSite.appliedExample()
    try site.edit("fencing: { via: bmc }\n", "fencing: { via: bmc }\n  witness: { host: node004 }\n")
    try await site.apply()
    let before = site.spec

    try site.edit("  witness: { host: node004 }\n", "")

    try await expectPlan("witness-dropped", site, before: before)
  }

  /// A disk may be wiped, and its node is to be installed anew: the plan names both.
  @Test func nodesOnDisksAreInstalledAnew() async throws {
    let site = try SimulatedSite.oneHead()
    try site.edit("boot: stateless", "boot: disk\n    root: { device: nvme }")
    try await site.apply()
    let before = site.spec

    try site.edit("{ device: nvme }", "{ device: nvme, wipe: once, install: 2 }")

    try await expectPlan("disk-install-number", site, before: before)
  }

  @Test func nodesRunOverNFS() async throws {
    let site = try SimulatedSite.oneHead()
    try await site.apply()
    let before = site.spec

    try site.edit("boot: stateless", "boot: nfs")

    try await expectPlan("nfs-nodes", site, before: before)
  }

  /// The nodes run from it until each has restarted, and longer where one does not: the server stays.
  @Test func noRootIsTakenAwayWithTheDescription() async throws {
    let site = try SimulatedSite.oneHead()
    try site.edit("boot: stateless", "boot: nfs")
    try await site.apply()

    try site.edit("boot: nfs", "boot: stateless")

    #expect(try await !site.plan().steps.contains { $0.resource.kind == "nfs-roots" })
    try await site.apply()
    #expect(try await site.plan().steps.isEmpty)
  }

  @Test func signedBootDropped() async throws {
    let site = try await SimulatedSite.appliedExample()
    try site.edit("timezone: Europe/Zurich\n", "timezone: Europe/Zurich\nboot: signed\n")
    try await site.apply()
    let before = site.spec

    try site.edit("boot: signed\n", "")

    try await expectPlan("boot-signed-dropped", site, before: before)
  }

  /// A unit that the site has installed comes under Pacemaker; where it is not installed the plan waits for that.
  @Test(arguments: [["head1", "head2"], ["head1"]])
  func ownService(_ installed: [HostID]) async throws {
    let site = try await SimulatedSite.appliedExample()
    let before = site.spec
    await site.site.change { world in
      for head in installed { world.machines[head]?.units["flexlm.service"] = .init(enabled: true) }
    }
    try site.edit(
      "services: [dhcp, dns, boot]",
      "services: [dhcp, dns, boot, { name: license, unit: flexlm.service, check: { tcp: 27000 } }]")
    if installed.count == 2 { return try await expectPlan("own-service", site, before: before) }

    let plan = try await site.plan()

    expectGolden(plan.text.withoutDigests, at: "cases/own-service-missing/plan.txt")
    #expect(!plan.steps.contains { $0.resource.kind == "pacemaker" })
  }

  /// A service that is on a head of its own from the beginning, and an address with it.
  @Test func spread() async throws {
    let site = try await SimulatedSite.appliedExample()
    let before = site.spec
    await site.site.change { world in
      for head in world.machines.keys { world.machines[head]?.units["flexlm.service"] = .init(enabled: true) }
    }
    try site.edit(
      "services: [dhcp, dns, boot]",
      "services: [dhcp, dns, boot, { name: license, unit: flexlm.service }]\n"
        + "  spread: { licenses: { head: head2, services: [license], address: 10.1.0.11 } }")

    try await expectPlan("spread", site, before: before)

    let address = try #require(IPv4Address("10.1.0.11"))
    let world = await site.site.world
    #expect(world.machines.filter { $0.value.holds(address) }.map(\.key) == ["head2"])
    #expect(world.machines.filter { $0.value.units["flexlm.service"]?.active == "active" }.map(\.key) == ["head2"])
  }

  /// A node in repair is left alone, whatever it does, and the site is as described without it.
  @Test(arguments: [true, false])
  func nodeOut(_ isOut: Bool) async throws {
    let site = try await SimulatedSite.appliedExample()
    await site.site.change { world in
      for address in world.boards.keys where world.boards[address]?.machine == "node004" {
        world.boards[address]?.power = .off
      }
      world.hear()
      world.now += 3600
    }
    try site.edit("node[001-004]", "node[001-003]")
    let end = try #require(site.spec.range(of: "\nha:\n")).lowerBound
    site.spec.replaceSubrange(
      end..<end,
      with: """

          - names: node004
            image: compute\(isOut ? "\n    state: out" : "")
            nics:
              eth0: { network: private, address: 10.1.1.4, mac: "52:54:00:11:00:04" }
            bmc: { address: 10.3.1.4, protocol: ipmi, user: admin, password: secret:bmc/nodes }

        """)

    let plan = try await site.plan()

    #expect(plan.steps.map(\.id.text) == (isOut ? [] : ["nodes:all/boot-node004"]), "\(plan.text)")
    #expect(plan.blocked.isEmpty)
  }

  @Test func highAvailabilityRemoved() async throws {
    let site = try await SimulatedSite.appliedExample()
    let before = site.spec
    let policy = try #require(before.range(of: "ha:\n"))
    let end = try #require(before.range(of: "access:\n"))
    site.spec.replaceSubrange(policy.lowerBound..<end.lowerBound, with: "")

    try await expectPlan("ha-removed", site, before: before, outline: true)
  }

  /// Plans, compares with the golden file, applies, and expects that nothing is left.
  private func expectPlan(
    _ name: String, _ site: SimulatedSite, before: String? = nil, outline: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let plan = try await site.plan()

    let change = before.map { UnifiedDiff.lines(old: $0, new: site.spec, context: 0) } ?? []
    expectGolden(
      (change + [outline ? plan.outline : plan.text]).joined(separator: "\n").withoutDigests,
      at: "cases/\(name)/plan.txt", sourceLocation: sourceLocation)
    let left = try await site.apply(plan)
    #expect(left.isClean, "\(left.text)", sourceLocation: sourceLocation)
    let again = try await site.plan()
    #expect(again.isClean, "\(again.text)", sourceLocation: sourceLocation)
  }
}
