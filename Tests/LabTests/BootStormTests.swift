// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Ten thousand machines, where it is asked for: it takes minutes.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(
    if: geteuid() == 0 && ProcessInfo.processInfo.environment["CLUSTER_TEST_STORM"] != nil, "set CLUSTER_TEST_STORM"))
struct BootStormTests {
  @Test func allMachinesBoot() async throws {
    let count = try #require(ProcessInfo.processInfo.environment["CLUSTER_TEST_STORM"].flatMap { Int($0) })
    try await BootServices.with(BootServices.spec(nodes: count)) { services in
      let storm = try await services.storm(count, ramp: count / 100, limit: 600)
      print(storm.text)
      #expect(storm.succeeded, "\(storm.text)\n\(storm.lastLines)")
    }
  }
}
