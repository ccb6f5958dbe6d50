// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Wings
import Testing

/// What a kind says that it decides about is what its steps decide about, on machines that have nothing.
@Suite struct ClaimTests {
  @Test func kindsClaimWhatTheirStepsTouch() throws {
    let site = try SimulatedSite.example()
    let cluster = try SimulatedSite.read(site.spec)
    let hosts = Set(cluster.heads.map(\.name))
    let nothing = Answers(Inventory(hosts: [:], observedAt: 0), uninstalled: hosts)
    let context = PlanContext(answers: nothing, activeHead: "head1", changing: [], now: 0)
    var saying: Set<String> = []

    for resource in Expansion.expand(cluster, site.siteFiles) {
      let kind = try #require(KindCatalog.all[resource.id.kind])
      guard let claims = kind.claims(resource.id, resource.desired) else { continue }
      saying.insert(kind.name)
      let drafts = try kind.examine(resource.id, resource.desired, nothing).steps(context)
      #expect(Set(claims) == Set(drafts.flatMap { $0.operation.claims(on: $0.host) }), "\(resource.id)")
    }

    #expect(saying == ["file", "node-identities", "node-refresh", "nodes", "secret-file", "symlink", "tree"])
  }
}
