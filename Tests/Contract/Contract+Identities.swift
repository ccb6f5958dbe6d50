// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

extension Contract {
  private static let nodes: [NodeIdentitiesGoal.Node] = [
    .init(name: "node1", addresses: [IPv4Address(bits: 0x0a01_0101)], image: "compute"),
    .init(name: "node2", addresses: [IPv4Address(bits: 0x0a01_0102)], image: "plain"),
  ]

  private static func goal(_ nodes: [NodeIdentitiesGoal.Node], _ secret: SecretRef) -> NodeIdentitiesGoal {
    NodeIdentitiesGoal(
      domain: "alps.example.org", heads: [IPv4Address(bits: 0x0a01_0001)], nodes: nodes,
      files: ["compute": [.init(path: "/etc/munge/munge.key", secret: secret, owner: "munge:munge", mode: 0o400)]])
  }

  static let identities = [
    Contract(name: "identities are written for nginx and nobody else, compared, and removed") { (host) async throws in
      let goal = goal(nodes, ContractHost.secret)
      let probe = NodeIdentitiesProbe(goal.secrets)
      #expect(try await host.ask(probe) == nil)

      try await host.perform(EnsureNodeIdentities(goal))

      let state = try #require(try await host.ask(probe))
      #expect(state.goal == goal.digest && state.others.isEmpty && state.isIntact)
      #expect(state.tags.keys.sorted() == ["node1", "node2"] && Set(state.tags.values).count == 2)
      #expect(state.tags.values.allSatisfy { $0.utf8.count == NodeReport.identityDigits })
      let files = try await host.tree(WellKnown.nodeIdentities).files
      #expect(files.keys.sorted() == ["10.1.1.1", "10.1.1.2"] && Set(files.values).count == 2)
      let facts = try #require(try await host.file("\(WellKnown.nodeIdentities)/10.1.1.1"))
      #expect(facts.mode == 0o640 && facts.owner == "root" && facts.group == "www-data")
      #expect(try await host.file(WellKnown.nodeIdentitiesNote)?.mode == 0o600)
      let keys = try #require(try await host.file(WellKnown.nodeHostKeys))
      let login = try #require(try await host.file(WellKnown.nodeLoginKey))
      #expect(login.mode == 0o600 && login.owner == "root")
      #expect(keys.mode == 0o644 && keys.contents?.contains("node2") == true)

      try await host.perform(EnsureNodeIdentitiesAbsent())
      #expect(try await host.ask(probe) == nil)
      for path in [
        WellKnown.nodeIdentities, WellKnown.nodeIdentitiesNote, WellKnown.nodeHostKeys, WellKnown.nodeLoginKey,
      ] {
        #expect(try await host.ask(FileProbe(path)) == .absent)
      }
    },
    Contract(name: "identities follow nodes and secrets, and come back after a change by hand") { (host) async throws in
      let first = goal(nodes, ContractHost.secret)
      try await host.perform(EnsureNodeIdentities(first))
      let before = try await host.tree(WellKnown.nodeIdentities).files

      let second = goal([nodes[0]], ContractHost.other)
      #expect(try await host.ask(NodeIdentitiesProbe(second.secrets))?.others == [ContractHost.other])
      try await host.perform(EnsureNodeIdentities(second))
      let after = try await host.tree(WellKnown.nodeIdentities).files
      #expect(after.keys.sorted() == ["10.1.1.1"] && after["10.1.1.1"] != before["10.1.1.1"])

      let path = "\(WellKnown.nodeIdentities)/10.1.1.1"
      try await host.perform(EnsureFile(FileGoal(path: path, contents: .text("by hand"))))
      #expect(try await host.ask(NodeIdentitiesProbe(second.secrets))?.isIntact == false)
      try await host.perform(EnsureNodeIdentities(second))
      #expect(try await host.tree(WellKnown.nodeIdentities).files == after)
      try await host.perform(EnsureFileAbsent(path: path))

      // The same nodes and secrets make the same bytes, on every head.
      try await host.perform(EnsureNodeIdentities(first))
      #expect(try await host.tree(WellKnown.nodeIdentities).files == before)
      try await host.perform(EnsureNodeIdentitiesAbsent())
    },
    Contract(name: "identities need every secret") { (host) async throws in
      let goal = goal(nodes, SecretRef("contract/unknown"))
      #expect(await host.failure(of: EnsureNodeIdentities(goal)) != nil)
      #expect(try await host.ask(FileProbe(WellKnown.nodeIdentities)) == .absent)
    },
  ]
}
