// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Simulator
import TestKit
import Testing

/// What somebody did by hand is seen and put right, and nothing else is touched.
@Suite struct DriftCaseTests {
  struct Drift: Sendable, CustomTestStringConvertible {
    var name: String
    var happens: @Sendable (inout FakeWorld) -> Void
    var testDescription: String { name }
  }

  /// With Pacemaker, which keeps services and addresses up by itself.
  static let pair = [
    Drift(name: "file-edited") { world in
      world.machines["head1"]?.write("/etc/dnsmasq.d/cluster.conf") { $0 + "dhcp-range=10.9.0.1,10.9.0.9\n" }
    },
    Drift(name: "file-removed") { world in world.machines["head2"]?.files["/etc/nginx/nginx.conf"] = nil },
    // As timedatectl(1) leaves it, with its relative link.
    Drift(name: "timezone-by-hand") { world in
      world.machines["head2"]?.symbolicLinks["/etc/localtime"] = "../usr/share/zoneinfo/America/New_York"
    },
    Drift(name: "package-removed") { world in world.machines["head1"]?.installed["curl"] = nil },
    Drift(name: "stray-boot-script") { world in
      world.machines["head1"]?.write("/srv/cluster/http/ipxe/52-54-00-99-00-99.ipxe") { _ in "#!ipxe\nshell\n" }
    },
    Drift(name: "address-off") { world in
      let index = world.machines["head2"]?.links.firstIndex { $0.name == "eth2" }
      if let index { world.machines["head2"]?.links[index].addresses = [] }
    },
    Drift(name: "secret-edited") { world in
      world.machines["head1"]?.write("/etc/cluster/secrets/bmc/head2") { _ in "guess" }
    },
    Drift(name: "enabled-by-hand") { world in world.machines["head2"]?.units["nginx.service"]?.enabled = true },
    Drift(name: "cib-edited") { world in
      world.cib = try? world.cib?.applying(
        CIBGoal(
          elements: [
            CIBElement(
              section: .options, id: "cib-bootstrap-options-stonith-enabled",
              xml: "<nvpair id=\"cib-bootstrap-options-stonith-enabled\" name=\"stonith-enabled\" value=\"false\"/>")
          ], removed: [], members: []))
    },
    Drift(name: "node-other-image") { world in
      world.nodes["node002"]?.image = "compute/0123456789abcdef"
    },
    Drift(name: "head-off") { world in
      for address in world.boards.keys where world.boards[address]?.machine == "head2" {
        world.boards[address]?.power = .off
      }
    },
  ]

  @Test(arguments: pair)
  func isPutRight(_ drift: Drift) async throws {
    try await expectMended("drift-" + drift.name, SimulatedSite.appliedExample(), drift)
  }

  /// Without Pacemaker the units are systemd's.
  static let alone = [
    Drift(name: "nginx-stopped") { world in world.machines["head1"]?.units["nginx.service"]?.active = "failed" },
    Drift(name: "dnsmasq-disabled") { world in world.machines["head1"]?.units["dnsmasq.service"]?.enabled = false },
    Drift(name: "dnsmasq-config") { world in
      world.machines["head1"]?.write("/etc/dnsmasq.d/cluster.conf") { _ in "port=0\n" }
    },
    // A run that died between writing and reloading leaves this.
    Drift(name: "nginx-stale") { world in world.machines["head1"]?.write("/etc/nginx/nginx.conf") { $0 } },
    Drift(name: "hostname") { world in world.machines["head1"]?.hostname = "localhost" },
  ]

  @Test(arguments: alone)
  func isPutRightWithOneHead(_ drift: Drift) async throws {
    try await expectMended("drift-" + drift.name, SimulatedSite.appliedOneHead(), drift)
  }

  private func expectMended(_ name: String, _ site: SimulatedSite, _ drift: Drift) async throws {
    await site.site.change { drift.happens(&$0) }

    let plan = try await site.plan()

    expectGolden(plan.text.withoutDigests, at: "cases/\(name)/plan.txt")
    let left = try await site.apply(plan)
    #expect(left.isClean, "\(left.text)")
  }
}

extension FakeMachine {
  /// An administrator's editor.
  mutating func write(_ path: String, _ edit: (String) -> String) {
    let old = String(decoding: files[path]?.bytes ?? [], as: UTF8.self)
    files[path] = .init(bytes: Array(edit(old).utf8), mode: files[path]?.mode ?? 0o644, changed: step())
  }
}
