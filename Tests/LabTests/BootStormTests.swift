// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Ten thousand machines, where it is asked for: it takes minutes. `CLUSTER_TEST_STORM=10000/300` switches them on
/// within 300 s; without it a hundred begin in each second.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(
    if: geteuid() == 0 && ProcessInfo.processInfo.environment["CLUSTER_TEST_STORM"] != nil, "set CLUSTER_TEST_STORM"))
struct BootStormTests {
  @Test func allMachinesBoot() async throws {
    let asked = try #require(ProcessInfo.processInfo.environment["CLUSTER_TEST_STORM"]).split(separator: "/")
    let count = try #require(asked.first.flatMap { Int($0) })
    let ramp = try asked.count > 1 ? #require(Int(asked[1])) : count / 100
    try await BootServices.with(BootServices.spec(nodes: count)) { services in
      let storm = try await services.storm(count, ramp: ramp, limit: 600)
      print(storm.text)
      #expect(storm.succeeded, "\(storm.text)\n\(storm.lastLines)")
    }
  }
}
