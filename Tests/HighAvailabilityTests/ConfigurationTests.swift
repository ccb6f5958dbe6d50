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
      (.manual, "50"), (.automatic, "10000"), (.never, nil),
    ] as [(HighAvailabilityPolicy.Failback, String?)])
  func failback(_ failback: HighAvailabilityPolicy.Failback, score: String?) throws {
    var policy = try Example.policy()
    policy.failback = failback
    let elements = PacemakerElements(cluster: try Example.cluster(), policy: policy).all
    let preference = try elements.first { $0.id == "prefer-head1" }.map { try XMLElement(parsing: $0.xml) }
    #expect(preference?["score"] == score)
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
    #expect(!HighAvailability.resources(cluster, SiteFiles()).isEmpty)
    cluster.heads.removeLast()
    #expect(HighAvailability.resources(cluster, SiteFiles()).isEmpty)
    cluster = try Example.cluster()
    cluster.ha = nil
    #expect(HighAvailability.resources(cluster, SiteFiles()).isEmpty)
  }
}
