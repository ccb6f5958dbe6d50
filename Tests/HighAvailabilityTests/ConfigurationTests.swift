// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import TestKit
import Testing
import XML

@testable import Wings

@Suite("What the policy becomes")
struct ConfigurationTests {
  @Test("corosync.conf of the example")
  func corosync() throws {
    let text = CorosyncConfiguration(cluster: try Example.cluster(), policy: try Example.policy()).text
    expectGolden(text, at: "cases/corosync.conf")
  }

  @Test("a head that has booted joins when the others must have noticed, by token, consensus and witness")
  func rejoining() throws {
    var policy = try Example.policy()
    policy.heartbeat.detect = .seconds(20)
    #expect(Rejoining.seconds(policy) == 20 + 24 + 1)
    policy.heartbeat.detect = .milliseconds(500)
    #expect(Rejoining.seconds(policy) == 3)
    policy.heartbeat.detect = .seconds(1)
    policy.witness = Witnesses.theirs
    #expect(Rejoining.seconds(policy) == 6 + 1)

    let unit = HighAvailability.resources(
      try Example.cluster(), SiteFiles(), Publications(try Example.cluster(), SiteFiles())
    )
    .compactMap { ($0.desired as? FileKind.Desired)?.file }
    .first { $0.path.hasSuffix("corosync.service.d/cluster.conf") }
    guard case .text(let text)? = unit?.contents else {
      Issue.record("the drop-in has no text")
      return
    }
    #expect(text.contains("ExecStartPre=-/usr/lib/cluster/rejoin \(Rejoining.seconds(try Example.policy()))\n"))
  }

  @Test("a card that has another name on each head is watched on each by its own")
  func cardsByHead() throws {
    var cluster = try Example.cluster()
    let index = try #require(cluster.heads[1].nics.firstIndex { $0.network == "private" })
    cluster.heads[1].nics[index].name = "eno1"

    let elements = PacemakerElements(cluster: cluster, policy: try Example.policy()).all

    let link = try #require(elements.first { $0.id == "link-private-clone" })
    #expect(link.xml.contains("name=\"interface\" value=\"head1=eth0 head2=eno1\""), "\(link.xml)")
    #expect(elements.contains { $0.id == "link-private-preferred" })
  }

  @Test("a service address of IPv6 is beside the others, and nothing of the head itself comes from it")
  func ipv6() throws {
    var (cluster, policy) = (try Example.cluster(), try Example.policy())
    let before = Set(PacemakerElements(cluster: cluster, policy: policy).all.map(\.id))
    cluster.networks[0].ipv6 = Network.IPv6(cidr: try #require(IPv6Network("2001:db8:1::/64")))
    policy.ipv6 = [
      .init(network: "public", address: try #require(IPv6Address("2001:db8:1::10")), source: Example.span)
    ]
    cluster.ha = policy

    let added = PacemakerElements(cluster: cluster, policy: policy).all.filter { !before.contains($0.id) }

    let text = try added.map { "\($0.section.rawValue)\n" + (try XMLElement(parsing: $0.xml)).indented }.joined()
    expectGolden(text, at: "cases/ipv6-elements.xml")
    let parts = try #require(ServiceGroup.all(of: policy, in: cluster).first).parts(of: policy)
    #expect(parts.contains { $0.id == "address6-public" && $0.names == ["2001:db8:1::10"] })
  }

  @Test("the CIB's elements of the example")
  func elements() throws {
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: try Example.policy()).all
    let text = try elements.map { "\($0.section.rawValue)\n" + (try XMLElement(parsing: $0.xml)).indented }.joined()
    expectGolden(text, at: "cases/elements.xml")
    #expect(Set(elements.map(\.id)).count == elements.count)
  }

  @Test("no password reaches the CIB, only the way to it")
  func passwords() throws {
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: try Example.policy()).all
    #expect(!elements.contains { $0.xml.contains("password") })
    #expect(elements.contains { $0.xml.contains("/usr/lib/cluster/fence/head1") })
  }

  @Test("a second way to fence is a level, and its secrets are in a program of ours")
  func levels() throws {
    var cluster = try Example.cluster()
    #expect(HighAvailability.problems(cluster).map(\.code) == [.singleFencing])
    #expect(HighAvailability.problems(cluster).map(\.severity) == [.warning])
    let strip = FenceAgent(
      name: "fence_apc_snmp", parameters: ["plug": "4", "ip": "10.3.0.9"], secrets: ["password": SecretRef("strip")])
    cluster.heads[0].fencing = [.bmc, .agent(strip)]
    #expect(
      HighAvailability.problems(cluster).first?.detail.hasPrefix("`head2` can be fenced by the BMC alone") == true)

    let elements = PacemakerElements(cluster: cluster, policy: try Example.policy()).all
    func xml(_ id: String) throws -> String { try #require(elements.first { $0.id == id }).xml }
    #expect(try xml("fencing-head1-1").contains("devices=\"fence-head1\""))
    #expect(try xml("fencing-head1-2").contains("devices=\"fence-head1-level2\""))
    #expect(try xml("fencing-head1-2").contains("target=\"head1\""))
    #expect(try xml("fence-head1").contains("pcmk_reboot_retries"))
    #expect(try !xml("fence-head1-level2").contains("pcmk_reboot_retries"), "the last way is tried again")
    #expect(try xml("fence-head1-level2").contains("type=\"fence_cluster_head1_2\""))
    #expect(!elements.contains { $0.id.hasPrefix("fencing-head2") || $0.xml.contains("strip") })
    let level = try #require(FencingLevel.all(of: cluster.heads[0]).first)
    #expect(level.words == "fence_apc_snmp ip=10.3.0.9 plug=4")
    #expect(level.files.map(\.path) == ["/usr/sbin/fence_cluster_head1_2"])
    #expect(level.files.first?.text.contains("password=$(cat '/etc/cluster/secrets/strip')") == true)

    cluster.heads[1].fencing = [
      .agent(
        FenceAgent(
          name: "fence_ipmilan", parameters: ["ip": "10.3.9.2", "username": "strip"],
          secrets: ["password": SecretRef("strip")])), .bmc,
    ]
    #expect(HighAvailability.problems(cluster).isEmpty)
    let other = try #require(FencingLevel.all(of: cluster.heads[1]).first)
    #expect(other.index == 1 && other.files.map(\.path).contains("/usr/lib/cluster/fence/head2-level1"))
    #expect(!other.files.contains { $0.text.contains("password=$(cat") }, "ipmitool reads the file")
  }

  @Test("a head whose BMC speaks Redfish is fenced by a program of ours, which has the password from a file")
  func redfish() throws {
    var cluster = try Example.cluster()
    cluster.heads[0].bmc?.protocol = .init(rawValue: Redfish.name)
    cluster.heads[0].bmc?.system = "System.Embedded.1"
    let bmc = try #require(cluster.heads[0].bmc)

    let elements = PacemakerElements(cluster: cluster, policy: try Example.policy()).all

    let device = try #require(elements.first { $0.id == "fence-head1" }).xml
    #expect(device.contains("type=\"fence_cluster_head1\"") && !device.contains("password"))
    #expect(device.contains("value=\"/redfish/v1/Systems/System.Embedded.1\"") && device.contains("ssl_insecure"))
    let duel = FencingDuel(
      target: .init(bmc: bmc, passwordFile: "/etc/cluster/secrets/bmc/head1"), own: nil, isMutual: true, order: 1)
    let program = Redfish.fenceProgram(duel)
    #expect(program.contains("mutual='yes'\n") && program.contains("target_password='/etc/cluster/secrets/bmc/head1'"))
    #expect(program.contains("/usr/sbin/fence_redfish") && program.hasPrefix("#!/bin/sh\n"))
  }

  @Test("a BMC behind another one is asked through that one")
  func target() throws {
    var bmc = try #require(try Example.cluster().heads[0].bmc)
    bmc.target = 0x72
    #expect(IPMI.fence("head1", bmc).words.contains(" target=0x72 "))
    let duel = FencingDuel(target: .init(bmc: bmc, passwordFile: "/p"), own: nil, order: 0)
    #expect(IPMI.fenceProgram(duel).contains("target_bus='0x72'\n"))
  }

  @Test("without fencing there are no fence devices")
  func unsafe() throws {
    var policy = try Example.policy()
    policy.fencing = false
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: policy).all
    #expect(!elements.contains { $0.xml.contains("fence") || $0.id.contains("fencing") })
    #expect(elements.contains { $0.xml.contains(#"name="stonith-enabled" value="false""#) })
  }

  @Test(
    "the failback policy is a preference for the primary",
    arguments: [
      (.manual, "50"), (.automatic, "10000"), (.lazy, "50"), (.never, nil),
    ] as [(HighAvailabilityPolicy.Failback, String?)])
  func failback(_ failback: HighAvailabilityPolicy.Failback, score: String?) throws {
    var policy = try Example.policy()
    policy.failback = failback
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: policy).all
    let preference = try elements.first { $0.id == "prefer-head1" }.map { try XMLElement(parsing: $0.xml) }
    #expect(preference?["score"] == score)
  }

  @Test(
    "a unit of the site's own is a primitive beside the service address, with its check",
    arguments: [
      (.tcp(port: 27000), ["tcp_address": "10.1.0.10", "tcp_port": "27000"]),
      (.http(url: "http://10.1.0.10:8080/"), ["http_url": "http://10.1.0.10:8080/"]),
      (.dns(name: "a.org"), ["dns_server": "10.1.0.10", "dns_name": "a.org"]),
      (.program(path: "/usr/local/sbin/ask"), ["program": "/usr/local/sbin/ask"]),
      (
        .program(path: "/usr/local/sbin/ask", every: .seconds(30), port: 27000),
        ["program": "/usr/local/sbin/ask", "program_every": "30000", "program_port": "27000"]
      ), (nil, [:]),
    ] as [(HealthCheck?, [String: String])])
  func ownService(_ check: HealthCheck?, parameters: [String: String]) throws {
    var policy = try Example.policy()
    policy.services.append(
      .init(name: "license", own: .init(unit: "flexlm.service", check: check), source: Example.span))
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: policy).all
    let primitive = try XMLElement(parsing: try #require(elements.first { $0.id == "service-license" }).xml)
    let values = primitive.all("nvpair")
    let given = Dictionary(uniqueKeysWithValues: values.map { ($0["name"] ?? "", $0["value"] ?? "") })
    #expect(given == parameters.merging(["unit": "flexlm.service"]) { own, _ in own })
    #expect(elements.contains { $0.id == "service-license-with-address-private" })
    #expect(elements.contains { $0.id == "service-license-after-address-private" })
  }

  @Test(
    "a unit that the heads run for `cluster` is no service of the site's own",
    arguments: ["nginx.service", "ssh.service", "pacemaker.service"])
  func takenUnit(_ unit: String) throws {
    var cluster = try Example.cluster()
    cluster.ha?.services.append(.init(name: "mine", own: .init(unit: unit, check: nil), source: Example.span))
    #expect(WingCatalog.problems(of: cluster).filter { $0.severity == .error }.map(\.code) == [.serviceUnit])
    cluster.ha?.services.removeLast()
    cluster.ha?.services.append(.init(name: "mine", own: .init(unit: "mine.service", check: nil), source: Example.span))
    #expect(WingCatalog.problems(of: cluster).map(\.code) == [.singleFencing])
  }

  @Test("heads keep their numbers, whatever the order in the description")
  func nodeids() throws {
    var cluster = try Example.cluster()
    let before = CorosyncConfiguration(cluster: cluster, policy: try Example.policy()).text
    cluster.heads.reverse()
    let after = CorosyncConfiguration(cluster: cluster, policy: try Example.policy()).text
    #expect(before.contains("name: head2\n        nodeid: 2") && after.contains("name: head2\n        nodeid: 2"))
    #expect(CorosyncConfiguration.nodeids(["b", "a"]) == ["a": 1, "b": 2])
    #expect(CorosyncConfiguration.nodeids(["x1", "y1"]) == ["x1": 1, "y1": 2])
    #expect(CorosyncConfiguration.nodeids(["x0", "y7"]) == ["x0": 1, "y7": 2])
  }

  @Test("a fencing has time for a slow BMC, and a silent BMC does not put its device out of service")
  func fencingPatience() throws {
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: try Example.policy()).all
    let device = try XMLElement(parsing: try #require(elements.first { $0.id == "fence-head1" }).xml)
    func value(_ set: String, _ name: String) -> String? {
      device.first(set)?.all("nvpair").first { $0["name"] == name }?["value"]
    }
    #expect(value("meta_attributes", "migration-threshold") == "INFINITY")
    #expect(value("instance_attributes", "pcmk_reboot_timeout") == "75s")
    #expect(elements.contains { $0.xml.contains(#"name="stonith-timeout" value="90s""#) })
  }

  @Test("each card of a service address is watched, and the boot network counts for more than the rest")
  func links() throws {
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: try Example.policy()).all
    let scores = try ["link-public-preferred", "link-private-preferred"].map { id in
      let rule = try XMLElement(parsing: try #require(elements.first { $0.id == id }).xml)
      #expect(rule["rsc"] == "address-private")
      return try #require(rule.first("rule")?["score"].flatMap { Int($0) })
    }
    // Never a ban: where no head has a carrier, services stay where they are.
    #expect(scores[0] > 10_000 && scores[1] > 10 * scores[0])
    #expect(elements.contains { $0.id == "link-private-clone" && $0.section == .resources })
  }

  @Test("an operation on the CIB is not stopped before all that it waits for")
  func patience() throws {
    let goal = CIBGoal(elements: [], removed: [], members: [])
    let waits = EnsureCIB.joining + EnsureCIB.telling * 2 + EnsureCIB.resting * 3
    #expect(EnsureCIB(goal).timing.deadline > waits)
  }

  @Test("rules are left out until every member has set what they ask for")
  func unsetAttributes() throws {
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: try Example.policy()).all
    let goal = CIBGoal(elements: elements, removed: [], members: ["head1", "head2"])
    func live(_ values: [String: [String]]) throws -> CIBDocument {
      let states = values.sorted { $0.key < $1.key }.map { head, names in
        "<node_state id='\(head)' uname='\(head)'><transient_attributes id='\(head)'><instance_attributes id='i\(head)'>"
          + names.map { "<nvpair id='\(head)-\($0)' name='\($0)' value='1'/>" }.joined()
          + "</instance_attributes></transient_attributes></node_state>"
      }
      return try CIBDocument(parsing: "<cib><configuration/><status>\(states.joined())</status></cib>")
    }
    let both = ["link-public", "link-private"]
    #expect(goal.attributesUnset(in: try live([:])) == Set(both))
    let half = try live(["head1": both, "head2": ["link-public"]])
    #expect(goal.attributesUnset(in: half) == ["link-private"])
    let early = goal.withoutRules(on: goal.attributesUnset(in: half))
    #expect(Set(goal.elements.map(\.id)).subtracting(early.elements.map(\.id)) == ["link-private-preferred"])
    #expect(goal.attributesUnset(in: try live(["head1": both, "head2": both])).isEmpty)
  }

  @Test("a failure more than the restarts moves a service")
  func restarts() throws {
    var policy = try Example.policy()
    policy.monitor.restarts = 5
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: policy).all
    #expect(elements.contains { $0.xml.contains(#"name="migration-threshold" value="6""#) })
  }

  @Test("a single head, or no policy, has no high availability")
  func none() throws {
    var cluster = try Example.cluster()
    #expect(!HighAvailability.resources(cluster, SiteFiles(), Publications(cluster, SiteFiles())).isEmpty)
    cluster.heads.removeLast()
    #expect(HighAvailability.resources(cluster, SiteFiles(), Publications(cluster, SiteFiles())).isEmpty)
    cluster = try Example.cluster()
    cluster.ha = nil
    #expect(HighAvailability.resources(cluster, SiteFiles(), Publications(cluster, SiteFiles())).isEmpty)
  }
}
