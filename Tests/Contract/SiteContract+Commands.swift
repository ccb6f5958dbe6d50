// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

extension SiteContract {
  static let commands = [
    SiteContract(name: "a program is run on all nodes at once, and once for a run") { (site) async throws in
      let places = try site.places
      let token = "contract-\(try site.primary.run.run)"
      func goal(_ argv: [String], _ name: String) -> NodeCommandGoal {
        NodeCommandGoal(argv: argv, nodes: places, token: "\(token)-\(name)", seconds: 30)
      }
      let hello = EnsureCommandRun(goal(["echo", "it's", "$HOME"], "hello"))
      #expect(try await site.primary.ask(NodeCommandProbe(hello.goal.token)) == nil)

      let outcome = try await site.primary.once(hello)

      let names = HostlistText.fold(places.map(\.name))
      #expect(outcome.changed && outcome.detail == "\(names) ended with 0; “it's $HOME”", "\(outcome.detail)")
      let results = try #require(try await site.primary.ask(NodeCommandProbe(hello.goal.token)))
      #expect(results.map(\.node) == places.map(\.name) && results.allSatisfy(\.succeeded))
      #expect(results.allSatisfy { $0.output == .text("it's $HOME\n") })
      #expect(try await site.primary.once(hello).changed == false, "not a second time")

      let failing = goal(["false"], "false")
      #expect(try await site.primary.once(EnsureCommandRun(failing)).changed)
      let failed = try #require(try await site.primary.ask(NodeCommandProbe(failing.token)))
      #expect(failed.allSatisfy { $0.ending == .ended(status: 1) })
      let own = goal(["hostname"], "hostname")
      #expect(try await site.standby.once(EnsureCommandRun(own)).changed, "the other head can as well")
      let said = try #require(try await site.standby.ask(NodeCommandProbe(own.token)))
      #expect(said.map { $0.output } == places.map { .text("\($0.name)\n") })
    },
    SiteContract(name: "nodes that run take another identity, and say that they have it") { (site) async throws in
      let goal = try site.desired(NodeIdentitiesKind.Desired.self).goal
      let rows = try site.desired(NodesKind.Desired.self).nodes
      var changed = goal.live
      changed.append(LiveFile(path: "/etc/contract", contents: .text("live\n"), live: .nothing))
      let other = NodeIdentitiesGoal(
        domain: goal.domain, heads: goal.heads, nodes: goal.nodes, files: goal.files, live: changed, own: goal.own)
      let refresh = EnsureNodesRefreshed(
        NodeRefreshGoal(nodes: rows.map { .init(place: .init(name: $0.name, address: $0.address), mac: $0.mac) }))
      let probe = NodeIdentitiesProbe(goal.secrets)
      func tags() async throws -> [String: String] {
        let state = try await site.primary.ask(probe)
        return state?.tags ?? [:]
      }
      func told() async throws -> [String?] {
        let reports = try await site.primary.ask(NodeReportsProbe())
        return rows.map { row in reports.first { $0.mac == row.mac }?.identity }
      }
      for head in site.heads { try await head.perform(EnsureNodeIdentities(goal)) }
      _ = try await site.primary.once(refresh)
      let before = try await tags()
      #expect(try await told() == rows.map { before[$0.name.name] })
      #expect(try await site.primary.once(refresh).changed == false)

      for wanted in [other, goal] {
        for head in site.heads { try await head.perform(EnsureNodeIdentities(wanted)) }
        let written = try await tags()
        #expect(try await told() != rows.map { written[$0.name.name] })
        #expect(try await site.primary.once(refresh).changed)
        let now = try await tags()
        #expect(try await told() == rows.map { now[$0.name.name] })
      }
      #expect(try await tags() == before)
    },
  ]
}

extension ContractSite {
  /// Where heads log in to nodes.
  fileprivate var places: [NodePlace] {
    get throws {
      try desired(NodesKind.Desired.self).nodes.map { NodePlace(name: $0.name, address: $0.address) }
    }
  }
}
