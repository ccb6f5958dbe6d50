// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

/// What `cluster events --follow` tells: what is otherwise, and not how long ago something was.
@Suite struct StatusChangeTests {
  private static func status(_ change: (inout StatusReport) -> Void = { _ in }) -> StatusReport {
    var status = StatusReport(cluster: "c", site: "s", lastRun: nil)
    status.heads = [.init(name: "head1", online: true, role: .active, image: nil, detail: nil)]
    status.addresses = [.init(network: "private", address: "10.1.0.10", holder: "head1")]
    status.services = [.init(name: "dhcp", head: "head1", state: "running")]
    status.nodes = [
      .init(name: "node001", state: .booting, image: nil, since: 5, until: 90, detail: "fetched its boot script"),
      .init(name: "node002", state: .silent, image: nil, since: 5, detail: "last heard from 60 s ago"),
    ]
    change(&status)
    return status
  }

  @Test func nothingHappensWhileOnlyTimePasses() {
    let later = Self.status {
      $0.nodes[0].since = 6
      $0.nodes[0].until = 91
      $0.nodes[1].detail = "last heard from 63 s ago"
    }
    #expect(later.changes(since: Self.status()) == [])
  }

  @Test func whatChangesIsToldInTheOrderOfAStatus() {
    let later = Self.status {
      $0.heads[0] = .init(name: "head1", online: false, role: .offline, image: nil, detail: "no route")
      $0.addresses[0].holder = "head2"
      $0.services[0].head = "head2"
      $0.nodes[0] = .init(name: "node001", state: .ready, image: "compute/abc", since: 9, detail: nil)
      $0.nodes[1] = .init(name: "node003", state: .waiting, image: nil, since: nil, detail: "waits")
      $0.lastRun = .init(id: "r1", result: "converged", commit: "abc", at: 9)
    }
    #expect(
      later.changes(since: Self.status()) == [
        .init(.head, "head1", from: "active", to: "offline", detail: "no route"),
        .init(.address, "10.1.0.10", from: "head1", to: "head2"),
        .init(.service, "dhcp", from: "running on head1", to: "running on head2"),
        .init(.node, "node001", from: "booting: fetched its boot script", to: "ready on compute/abc"),
        .init(.node, "node003", from: nil, to: "waiting", detail: "waits"),
        .init(.node, "node002", from: "silent", to: nil),
        .init(.run, "r1", from: nil, to: "converged"),
      ])
  }

  @Test func aBootGoesFromStageToStage() {
    let later = Self.status { $0.nodes[0].detail = "fetched its image" }
    #expect(later.changes(since: Self.status()).map(\.to) == ["booting: fetched its image"])
  }
}
