// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing
import Wings

/// Which check runs where, and in which order: a table.
@Suite struct CheckGraphTests {
  private func graph(
    _ table: String, _ selection: CheckSelection = CheckSelection()
  ) throws -> [String] {
    let sets = try CheckedSets(table: table)
    #expect(sets.problems == [])
    return try CheckGraph(selection, sets.cluster, activeHead: "head2").groups.map { group in
      let parts = group.parts.map { part in part.machine.name + (part.peer.map { ">\($0)" } ?? "") }
      return "\(group.check.id.name)@\(group.host): \(parts.joined(separator: " "))"
    }
  }

  @Test func placesAreMachines() throws {
    #expect(
      try graph(
        """
        a: heads
        b: active head
        c: each node
        d: one node
        e: pair
        f: each node, job
        g: one node, job
        """) == [
          "a@head1: head1", "a@head2: head2", "b@head2: head2", "c@head2: node001 node002 node003 node004",
          "d@head2: node001", "e@head2: node001>node002 node002>node003 node003>node004 node004>node001",
          "f@head2: node001 node002 node003 node004", "g@head2: head2",
        ])
  }

  @Test func somethingComesAfterWhatItNeeds() throws {
    let table = """
      a: heads; needs z
      b: each node; needs c
      c: each node; needs a
      z: heads
      """
    let order = ["z@head1: head1", "z@head2: head2", "a@head1: head1", "a@head2: head2"]
    #expect(Array(try graph(table).prefix(4)) == order)
    #expect(try graph(table, CheckSelection(["a/a"])) == order, "what it needs is run too")
    #expect(try graph(table, CheckSelection(["a/z"])) == ["z@head1: head1", "z@head2: head2"])
  }

  @Test func machinesAreChosen() throws {
    let table = """
      a: heads
      c: each node, root, ready
      e: pair
      """
    #expect(
      try graph(table, CheckSelection(on: ["node001", "node003", "head1"])) == [
        "a@head1: head1", "c@head2: node001 node003", "e@head2: node001>node003 node003>node001",
      ])
    #expect(try graph(table, CheckSelection(on: ["node001"])) == ["c@head2: node001"], "one is no pair")
    #expect(try graph(table, CheckSelection(kind: .ready, on: ["node002"])) == ["c@head2: node002"])
    for (selection, why) in [
      (CheckSelection(on: ["node999"]), "no machine node999"), (CheckSelection(["b"]), "no set or check `b`"),
      (CheckSelection(["a/x"]), "no set or check `a/x`"), (CheckSelection(kind: .health), "no such check"),
    ] {
      let refusal = #expect(throws: ErrandRefusal.self) { try graph(table, selection) }
      #expect(refusal?.why.contains(why) == true, "\(refusal?.why ?? "")")
    }
  }

  @Test func tenThousandNodesArePlannedAtOnce() throws {
    var cluster = try CheckedSets(table: "c: each node\ne: pair; needs c").cluster
    let node = try #require(cluster.nodes.first)
    cluster.nodes = (1...10_000).map { number in
      var node = node
      node.name = HostID("n\(number)")
      return node
    }
    let began = ContinuousClock.now
    let graph = try CheckGraph(CheckSelection(), cluster, activeHead: "head1")
    #expect(graph.groups.map(\.parts.count) == [10_000, 10_000])
    #expect(ContinuousClock.now - began < .seconds(20))
  }

  @Test func programsAreTheOtherAccounts() throws {
    func argv(_ account: SetCheck.Account, script: CheckScript? = nil, _ machine: HostID) -> [String] {
      let address = account == .job || machine == "head1" ? nil : IPv4Address(bits: 1)
      let part = CheckGoal.Part(machine: machine, address: address, words: ["probe", "a b"])
      return CheckGoal(check: CheckID("a", "c"), token: "r", parts: [part], script: script, account: account)
        .command(part, on: "head1").argv
    }
    #expect(argv(.root, "node001").prefix(4) == ["env", "-i", "-C", "/root"])
    #expect(argv(.user, "head1").prefix(4) == ["timeout", "--kill-after=5", "30", "runuser"])
    #expect(argv(.root, "node001").suffix(2) == ["probe", "a b"])
    #expect(argv(.user, "node001").prefix(4) == ["runuser", "-u", "cluster-test", "--"])
    #expect(argv(.job, "node001").suffix(4) == ["--job-name=a/c", "--nodelist=node001", "probe", "a b"])
    #expect(!argv(.job, "head1").contains { $0.hasPrefix("--nodelist") }, "Slurm chooses")
    let script = CheckScript(path: "packages/a/tests/x", contents: .text("#!/bin/sh\n"))
    #expect(argv(.root, script: script, "node001").suffix(3) == ["check", "probe", "a b"])
  }
}
