// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Machines on the boot network that are no nodes: they ask for everything, and all the time. The real nginx, with the
/// files of a head.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "network namespaces need root"))
struct StrangersTests {
  private static let stranger = "10.1.9.9"

  private func codes(_ paths: [String], from address: String, _ services: BootServices) async throws -> [String] {
    var codes: [String] = []
    for path in paths {
      let got = try await services.onMachine([
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--path-as-is", "--max-time", "5", "--interface",
        address,
        "http://\(BootServices.server)\(path)",
      ])
      codes.append(got.text)
    }
    return codes
  }

  @Test func aStrangerIsGivenWhatIsForEverybodyAndNothingElse() async throws {
    try await BootServices.with(BootServices.spec(nodes: 2)) { services in
      let allowed = try await codes(
        ["/boot.ipxe", "/discover.ipxe", "/ipxe/52-54-00-10-00-01.ipxe"], from: Self.stranger, services)
      let refused = try await codes(
        [
          "/", "/ipxe/", "/images/", "/captures/", "/clone/", "/../dhcp-hosts/machines",
          "/ipxe/../../dhcp-hosts/machines",
          "/images/../boot.log", "/images../boot.log", "/ipxe/%2e%2e/%2e%2e/boot.log", "/boot.log", "/nginx.conf",
          "/%FF%FF",
          "/etc/passwd",
        ], from: Self.stranger, services)

      #expect(allowed == ["200", "200", "200"])
      #expect(refused.allSatisfy { ["400", "403", "404"].contains($0) }, "\(refused)")
    }
  }

  /// One who asks all the time is told so; a machine that boots meanwhile is not.
  @Test func aFloodOfOneHoldsUpNobodyElse() async throws {
    try await BootServices.with(BootServices.spec(nodes: 30)) { services in
      let script =
        "for i in $(seq 400); do curl -s -o /dev/null --interface \(Self.stranger) http://\(BootServices.server)/boot.ipxe & done; wait"
      async let flood = services.onMachine(["sh", "-c", script])
      let storm = try await services.storm(30, limit: 60)
      _ = try await flood

      #expect(storm.succeeded, "\(storm.text)")
    }
  }
}
