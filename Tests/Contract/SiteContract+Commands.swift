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
    }
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
