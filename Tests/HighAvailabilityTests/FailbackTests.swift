// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Testing
import XML

@testable import Wings

@Suite("Going back to the first head when it costs least")
struct FailbackTests {
  private func elements(_ lazy: LazyFailback, quiet: String? = nil) throws -> [String: String] {
    var (cluster, policy) = (try Example.cluster(), try Example.policy())
    policy.failback = .lazy
    policy.lazy = lazy
    if let quiet {
      var set = PackageSet(
        name: "batch", summary: "Jobs.", settings: [], heads: .init(), nodes: .init(), source: Example.span)
      set.services = [
        .init(
          name: "batch", unit: "batch.service", check: nil, needs: [], reloads: false, keepsState: false, report: nil,
          quiet: quiet, source: Example.span)
      ]
      cluster.adopt([set])
      policy.services.append(.init(name: "batch", source: Example.span))
    }
    cluster.ha = policy
    let all = PacemakerElements(cluster: cluster, policy: policy).all
    return Dictionary(all.map { ($0.id, $0.xml) }) { first, _ in first }
  }

  @Test func itIsARuleAndAResourceBesideTheServices() throws {
    let within = try #require(TimesOfDay("22:00-06:00"))
    let found = try elements(LazyFailback(within: within, gap: .seconds(60)), quiet: "/usr/lib/quiet")
    let resource = try #require(found["failback"])
    for (name, value) in [("home", "head1"), ("gap", "60"), ("within", "22:00-06:00"), ("programs", "/usr/lib/quiet")] {
      #expect(resource.contains(#"name="\#(name)" value="\#(value)""#), "\(resource)")
    }
    let rule = try #require(found["failback-now"])
    #expect(rule.contains(#"rsc="address-private""#) && rule.contains(#"score="10000""#), "\(rule)")
    #expect(rule.contains(#"attribute="failback""#) && rule.contains(#"value="now""#), "\(rule)")
    #expect(found["failback-with-address-private"] != nil)
    #expect(try elements(LazyFailback())["failback"]?.contains("within") == false)
  }

  @Test func itsRuleIsNotHeldBackUntilEachHeadHasItsAttribute() throws {
    var policy = try Example.policy()
    policy.failback = .lazy
    let all = PacemakerElements(cluster: try Example.cluster(), policy: policy).all
    let goal = CIBGoal(elements: all, removed: [], members: ["head1", "head2"])
    let empty = try CIBDocument(parsing: "<cib><configuration/><status/></cib>")
    #expect(goal.attributesUnset(in: empty) == ["link-private", "link-public"])
  }

  @Test func nobodyElseHasIt() throws {
    let all = PacemakerElements(cluster: try Example.cluster(), policy: try Example.policy()).all
    #expect(!all.contains { $0.xml.contains("failback") })
  }

  @Test(arguments: [
    ("22:00-06:00", [22 * 60, 23 * 60 + 59, 0, 359], [360, 720, 22 * 60 - 1]),
    ("01:30-05:00", [90, 299], [89, 300, 0, 23 * 60]),
  ])
  func timesMayGoOverMidnight(_ text: String, _ inside: [Int], _ outside: [Int]) throws {
    let times = try #require(TimesOfDay(text))
    #expect(times.description == text)
    #expect(inside.allSatisfy(times.contains) && !outside.contains(where: times.contains))
  }

  @Test(arguments: [
    "22-6", "22:00", "24:00-06:00", "22:60-06:00", "2:00-06:00", "06:00-06:00", "22:00-06:00-07:00", "+1:00-06:00",
  ])
  func whatIsNoPartOfADayIsRefused(_ text: String) { #expect(TimesOfDay(text) == nil) }

  @Test func aSwitchoverAwayFromHomeHoldsTheServicesThere() throws {
    var (cluster, policy) = (try Example.cluster(), try Example.policy())
    func held() throws -> HostID? {
      let group = try #require(ServiceGroup.all(of: policy, in: cluster).first)
      return SwitchoverGoal("head2", group, policy).held
    }
    #expect(try held() == nil)
    policy.failback = .lazy
    cluster.ha = policy
    #expect(try held() == "head1")
  }

  @Test func statusSaysWhatItWaitsFor() throws {
    var cluster = try Example.cluster()
    cluster.ha?.failback = .lazy
    func condition(_ report: ServiceReport?) throws -> HighAvailabilityStatus.Condition? {
      // The resource runs where the services run.
      let text = try Recorded.text("crm_mon-armed.xml").replacing(
        "<resources>",
        with: """
          <resources><resource id="failback" resource_agent="ocf:cluster:failback" role="Started" active="true" \
          managed="true" failed="false" blocked="false"><node name="head2" id="2" cached="true"/></resource>
          """)
      let state = report.map { ServiceReportState($0, isCurrent: true) }
      let hosts: [HostID: Inventory.Host] = [
        "head1": .knowing(CrmMonProbe().answered(text)),
        "head2": .knowing(
          CrmMonProbe().answered(text), ServiceReportProbe(Failback.report(of: nil)).answered(state)),
      ]
      let status = HighAvailabilityStatus.read(cluster, Inventory(hosts: hosts, observedAt: 0))
      return status?.conditions.first { $0.name == "failback" }
    }
    let waits = try condition(ServiceReport(state: .ok, detail: "waits: 3 jobs are due to start"))
    #expect(waits?.detail == "lazy: waits: 3 jobs are due to start" && waits?.ok == true)
    #expect(try condition(nil)?.detail == "lazy: not known what it waits for")
    // It came over the wire.
    let bad = try condition(ServiceReport(state: .ok, detail: "\u{1b}[2J"))
    #expect(bad?.detail == "lazy: not known what it waits for")
  }

  @Test func aReportIsReadAsItIsWritten() {
    let report = ServiceReport(state: .degraded, detail: "waits for head1", process: 7)
    #expect(ServiceReport(Array(report.text.utf8)) == report)
  }
}

@Suite("Two heads that are left of three")
struct LastHeadsTests {
  private func node(_ name: String, online: Bool, unclean: Bool = false, pending: Bool = false) -> String {
    """
    <node name="\(name)" id="1" online="\(online)" standby="false" standby_onfail="false" maintenance="false" \
    pending="\(pending)" unclean="\(unclean)"/>
    """
  }

  private func isPair(quorum: Bool = true, _ nodes: String...) throws -> Bool? {
    let text = """
      <pacemaker-result><summary><current_dc present="true" with_quorum="\(quorum)"/></summary>\
      <nodes>\(nodes.joined())</nodes></pacemaker-result>
      """
    return LastHeads.isPair(of: ["head1", "head2", "head3"], in: try ClusterStatus(parsing: text))
  }

  @Test func onlyOfTwoThatKnowTheThirdToBeOff() throws {
    let two = node("head2", online: true) + node("head3", online: true)
    #expect(try isPair(two, node("head1", online: false)) == true)
    #expect(try isPair(two, node("head1", online: true)) == false)
    #expect(try isPair(two, node("head1", online: false, unclean: true)) == nil, "it is not fenced yet")
    #expect(try isPair(two, node("head1", online: true, pending: true)) == nil, "it is on its way")
    #expect(try isPair(quorum: false, two, node("head1", online: false)) == nil)
    let four = two + node("head4", online: false)
    #expect(try votes(four, node("head1", online: false)) == 2, "each may read it before it hears of the pair")
    #expect(try votes(node("head3", online: true), node("head2", online: false)) == nil)
    let one = node("head3", online: true) + node("head2", online: false)
    #expect(try isPair(one, node("head1", online: false)) == nil, "the last one keeps what it goes on by")
  }

  private func votes(quorum: Bool = true, _ nodes: String...) throws -> Int? {
    let text = """
      <pacemaker-result><summary><current_dc present="true" with_quorum="\(quorum)"/></summary>\
      <nodes>\(nodes.joined())</nodes></pacemaker-result>
      """
    return LastHeads.votes(of: ["head1", "head2", "head3", "head4"], in: try ClusterStatus(parsing: text))
  }

  @Test func headsThatAreKnownToBeOffAreCountedNoMore() throws {
    let three = ["head2", "head3", "head4"].map { node($0, online: true) }.joined()
    #expect(try votes(three, node("head1", online: true)) == 4)
    #expect(try votes(three, node("head1", online: false)) == 3)
    #expect(try votes(three, node("head1", online: false, unclean: true)) == nil, "it is not fenced yet")
    #expect(try votes(three, node("head1", online: true, pending: true)) == nil, "it is on its way")
    #expect(try votes(quorum: false, three, node("head1", online: false)) == nil)
  }

  @Test func threeHeadsGoByTheirMajority() throws {
    var cluster = try Example.cluster()
    let policy = try Example.policy()
    #expect(PacemakerElements(cluster: cluster, policy: policy).lastHeads.isEmpty)
    var third = cluster.heads[1]
    third.name = "head3"
    cluster.heads.append(third)
    let text = CorosyncConfiguration(cluster: cluster, policy: policy).text
    #expect(text.contains("wait_for_all: 1\n") && !text.contains("two_node"))
    let element = try #require(PacemakerElements(cluster: cluster, policy: policy).lastHeads.first)
    #expect(element.xml.contains(#"name="heads" value="head1 head2 head3""#), "\(element.xml)")
  }
}
