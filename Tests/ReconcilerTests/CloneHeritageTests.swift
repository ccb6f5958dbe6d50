// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Reconciler

/// What the description drops before a new head is installed comes along with the disk of its original.
@Suite struct CloneHeritageTests {
  private func proxy(_ head: HostID) -> ResourceID {
    ResourceID("file", on: head, "/etc/apt/apt.conf.d/00cluster-proxy")
  }

  @Test func whatIsDroppedWhileTheCloneIsMadeIsTakenAwayThereToo() async throws {
    let site = try await FakeSite()
    let first = try await site.reconciler { $0.id == proxy("head1") }
    try #require(!first.wanted.resources.isEmpty)
    try await first.applied(run: "run-1")
    let before = try await site.reconciler().managedBefore()
    try #require(before.map(\.id) == [proxy("head1")])

    try site.edit("repositories:\n", "")
    try site.edit(
      "  proxy: http://198.51.100.1:3142      # a caching proxy; leave it out to go to the mirrors directly\n", "")
    let second = try await site.reconciler()
    let proposal = try await second.propose()
    #expect(proposal.previously.contains { $0.id == proxy("head2") })
    let applied = try await second.applied(run: "run-2")

    #expect(applied.isConverged, "\(applied.outcome.steps.filter { !$0.succeeded })")
    for head in ["head1", "head2"] as [HostID] {
      let machine = try #require(await site.machines.world.machines[head])
      #expect(machine.managed[proxy(head).name] == nil)
      #expect(machine.files[proxy(head).name] == nil)
    }
    #expect(try await second.managedBefore().allSatisfy { $0.id.name != proxy("head1").name })
  }

  /// What an agent did not put there it does not take away, and nobody asks it to for ever.
  @Test func whatIsNotOursStaysAndIsForgotten() async throws {
    let site = try await FakeSite()
    await site.machines.change { world in
      world.machines["head1"]?.files[proxy("head1").name] = .init(bytes: Array("by hand\n".utf8))
    }
    let first = try await site.reconciler { $0.id == proxy("head1") }
    try await first.applied(run: "run-1")

    let second = try await site.reconciler { _ in false }
    let applied = try await second.applied(run: "run-2")

    #expect(applied.isConverged && applied.isWhole)
    let file = await site.machines.world.machines["head1"]?.files[proxy("head1").name]
    #expect(file?.bytes == Array("by hand\n".utf8))
    #expect(try await second.propose().plan.isClean)
  }
}
