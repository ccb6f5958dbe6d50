// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import TestKit
import Testing
import XML

@testable import Wings

@Suite("Services on heads of their own")
struct SpreadTests {
  /// Three heads and two services of the site's own, of which one has an address.
  private func site(
    _ edit: (inout HighAvailabilityPolicy) -> Void = { _ in }
  ) throws -> (Cluster, HighAvailabilityPolicy) {
    var cluster = try Example.cluster()
    var third = cluster.heads[1]
    third.name = "head3"
    cluster.heads.append(third)
    var policy = try Example.policy()
    policy.services += [
      .init(
        name: "license", own: .init(unit: "flexlm.service", check: .tcp(port: 27000)), source: Example.span),
      .init(name: "timers", own: .init(unit: "timers.service", check: nil), source: Example.span),
    ]
    let address = try #require(IPv4Address("10.1.0.11"))
    policy.spread = [
      .init(
        name: "licenses", head: "head2",
        address: .init(network: "private", address: address, source: Example.span), services: ["license"],
        source: Example.span),
      .init(name: "jobs", head: "head1", address: nil, services: ["timers"], source: Example.span),
    ]
    edit(&policy)
    cluster.ha = policy
    return (cluster, policy)
  }

  private func elements(_ edit: (inout HighAvailabilityPolicy) -> Void = { _ in }) throws -> [String: String] {
    let (cluster, policy) = try site(edit)
    let all = PacemakerElements(cluster: cluster, policy: policy).all
    #expect(Set(all.map(\.id)).count == all.count)
    return Dictionary(all.map { ($0.id, $0.xml) }) { first, _ in first }
  }

  @Test func asElements() throws {
    let (cluster, policy) = try site { $0.failback = .lazy }
    let (_, plain) = try site { $0.spread = [] }
    let without = Set(PacemakerElements(cluster: cluster, policy: plain).all.map(\.id))
    let elements = PacemakerElements(cluster: cluster, policy: policy).all.filter { !without.contains($0.id) }
    let text = try elements.map { "\($0.section.rawValue)\n" + (try XMLElement(parsing: $0.xml)).indented }.joined()
    expectGolden(text, at: "cases/spread-elements.xml")
  }

  @Test func aGroupIsBesideItsOwnAddress() throws {
    let found = try elements()
    let address = try #require(found["spread-licenses"])
    #expect(address.contains(#"value="10.1.0.11""#) && address.contains(#"type="address""#), "\(address)")
    let service = try #require(found["service-license"])
    #expect(service.contains(#"name="tcp_address" value="10.1.0.11""#), "its check asks where its users are")
    #expect(found["service-license-with-spread-licenses"]?.contains(#"score="INFINITY""#) == true)
    #expect(found["service-license-after-spread-licenses"] != nil)
    #expect(
      found["service-license-with-address-private"] == nil && found["service-license-after-address-private"] == nil)
    #expect(found["spread.licenses.link-private-preferred"]?.contains(#"attribute="link-private""#) == true)
    #expect(found["spread.jobs.link-private-preferred"] == nil, "nobody comes to it")
    #expect(found["dnsmasq-with-address-private"] != nil)
  }

  /// All of them decide less than staying where it is, or a head that is back would be given what runs elsewhere.
  @Test func itStartsOnItsOwnHeadAndElseOnOneThatIsNobodys() throws {
    let found = try elements()
    func score(_ id: String) throws -> Int {
      let element = try XMLElement(parsing: try #require(found[id], "\(id)"))
      return try #require(element["score"].flatMap { Int($0) })
    }
    let home = try score("spread.licenses.home")
    let spares = try ["address-private", "spread-licenses", "service-timers"].map {
      try score("spread.\($0).spare.head3")
    }
    #expect(Set(spares) == [20] && home == 50 && home < PacemakerElements.stickiness)
    #expect(found.keys.filter { $0.contains(".spare.") && !$0.hasSuffix(".head3") } == [])
    #expect(try XMLElement(parsing: try #require(found["spread.jobs.home"]))["rsc"] == "service-timers")
    let apart = try score("spread.spread-licenses.apart.address-private")
    #expect(apart < 0 && -apart < spares[0])
    #expect(found.keys.count { $0.contains(".apart.") } == 3, "each pair once")
  }

  @Test func withoutSpreadNothingIsSaidOfIt() throws {
    let found = try elements { $0.spread = [] }
    #expect(!found.keys.contains { $0.hasPrefix("spread") })
    #expect(found["service-timers-with-address-private"] != nil)
  }

  @Test func eachGroupGoesBackByItself() throws {
    let automatic = try elements { $0.failback = .automatic }
    #expect(automatic["spread.licenses.home"]?.contains(#"score="10000""#) == true)
    let lazy = try elements { $0.failback = .lazy }
    let resource = try #require(lazy["failback.licenses"])
    #expect(resource.contains(#"name="home" value="head2""#), "\(resource)")
    let rule = try #require(lazy["failback.licenses-now"])
    #expect(rule.contains(#"attribute="failback.licenses""#) && rule.contains(#"rsc="spread-licenses""#), "\(rule)")
    #expect(lazy["failback.licenses-with-spread-licenses"] != nil && lazy["failback"] != nil)
    let never = try elements { $0.failback = .never }
    #expect(never["spread.licenses.home"] != nil && never["prefer-head1"] == nil)
  }

  @Test func aGroupIsMovedWithAllThatIsInIt() throws {
    let (cluster, policy) = try site { $0.failback = .lazy }
    let groups = ServiceGroup.all(of: policy, in: cluster)
    #expect(groups.map(\.name) == [nil, "licenses", "jobs"])
    let goal = SwitchoverGoal("head3", groups[1], policy)
    #expect(goal.anchor == "spread-licenses" && goal.spread == "licenses" && goal.held == "head2")
    #expect(goal.parts.map(\.names) == [["10.1.0.11"], ["license"]])
    let main = SwitchoverGoal("head3", groups[0], policy)
    #expect(main.parts.map(\.id) == ["address-public", "address-private", "dnsmasq", "nginx"])
    #expect(SwitchoverGoal("head3", groups[2], policy).anchor == "service-timers")
  }

  @Test(arguments: [
    (["dhcp"], "is what nodes come to"), (["solver"], "There is no service `solver`"),
    (["timers"], "is in the groups `first` and `second`"), (["license"], "and `second` has none"),
    (["batch"], "keeps its state in `ha: state:`"),
  ])
  func whatHasToStayIsRefused(_ services: [String], words: String) throws {
    var (cluster, _) = try site {
      $0.spread = [
        .init(name: "first", head: "head2", address: nil, services: ["timers"], source: Example.span),
        .init(name: "second", head: "head2", address: nil, services: services, source: Example.span),
      ]
    }
    var set = PackageSet(
      name: "batch", summary: "Jobs.", settings: [], heads: .init(), nodes: .init(), source: Example.span)
    set.services = [
      .init(
        name: "batch", unit: "batch.service", check: nil, needs: [], reloads: false, keepsState: true, report: nil,
        quiet: nil, source: Example.span)
    ]
    cluster.adopt([set])
    let found = HighAvailability.problems(cluster).filter { $0.code == .serviceSpread }
    #expect(found.count == 1 && found.first?.detail.contains(words) == true, "\(found)")
  }

  @Test func statusSaysWhereEachGroupIs() throws {
    let (cluster, _) = try site()
    func resource(_ id: String, on head: String) -> String {
      """
      <resource id="\(id)" resource_agent="ocf:cluster:service" role="Started" active="true" managed="true" \
      failed="false" blocked="false"><node name="\(head)" id="2" cached="true"/></resource>
      """
    }
    let text = try Recorded.text("crm_mon-armed.xml").replacing(
      "<resources>",
      with: "<resources>" + resource("spread-licenses", on: "head1") + resource("service-license", on: "head1")
        + resource("service-timers", on: "head1"))
    let hosts: [HostID: Inventory.Host] = ["head1": .knowing(CrmMonProbe().answered(text))]
    let status = try #require(HighAvailabilityStatus.read(cluster, Inventory(hosts: hosts, observedAt: 0)))
    #expect(status.addresses.last?.address.description == "10.1.0.11" && status.addresses.last?.holder == "head1")
    func detail(_ name: String) -> String? { status.conditions.first { $0.name == name }?.detail }
    #expect(
      detail("spread-licenses")
        == "on head1, and head2 is its own: `cluster ha switchover --spread licenses --to head2` moves it there")
    #expect(detail("spread-jobs") == "on head1")
    #expect(status.services.contains { $0.name == "license" && $0.head == "head1" && $0.state == .running })
  }

  @Test func itsPortIsOpenWhereItsAddressIs() throws {
    let needs = HighAvailability.firewallNeeds(try site().0)
    #expect(needs.contains(FirewallNeed("license", [.tcp(27000)], from: .network("private"))))
  }
}
