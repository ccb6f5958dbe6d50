// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import SpecReading
import Testing

@testable import Lab
@testable import Wings

/// The boot services as a head runs them, and more machines than their own limits are made for.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: geteuid() == 0, "network namespaces need root"))
struct BootServicesTests {
  /// Finding 5: dnsmasq's own limit is 1,000 leases.
  @Test func aThousandAndAHundredMachinesBoot() async throws {
    try await BootServices.with(BootServices.spec(nodes: 1100)) { services in
      let storm = try await services.storm(1100, limit: 240)
      print(storm.text)
      #expect(storm.succeeded, "\(storm.text)\n\(storm.lastLines)")
      #expect(storm.text.contains("leased    1100 of 1100") && storm.text.contains("1100 by their own scripts"))
    }
  }

  /// The same without our line: so the test can fail.
  @Test func withDNSMasqsOwnLimitTheLastOnesGetNothing() async throws {
    let spec = BootServices.spec(nodes: 1100)
    let change = { (text: String) in
      text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("dhcp-lease-max=") }
        .joined(separator: "\n")
    }
    try await BootServices.with(spec, change: change) { services in
      let storm = try await services.storm(1100, limit: 80)
      #expect(!storm.succeeded && storm.text.contains("leased    1000 of 1100"), "\(storm.text)")
    }
  }

  /// Finding 6: a mainboard is swapped, and a group is renumbered by one.
  @Test func addressesFollowTheDescription() async throws {
    try await BootServices.with(BootServices.spec(nodes: 8)) { services in
      #expect(try await services.storm(8, more: ["--addresses"]).text.contains("52:54:00:10:00:01 10.1.16.1\n"))

      // Every address was leased to the neighbour.
      let renumbered = BootServices.spec(nodes: 8, shift: 1)
      let cluster = try #require(SpecReader.read(Array(renumbered.utf8), file: "c", keys: WingCatalog.keys).cluster)
      try services.write(cluster)
      try services.restartDNSMasq()
      let moved = try await services.storm(8, more: ["--addresses"])
      #expect(moved.succeeded, "\(moved.text)")
      for node in 1...8 {
        #expect(moved.text.contains("52:54:00:10:00:0\(node) 10.1.16.\(node + 1)\n"), "\(moved.text)")
      }

      // Another board, the same node.
      let swapped = renumbered.replacing("52:54:00:10:00:01+", with: "52:54:00:20:00:01+")
      let new = try #require(SpecReader.read(Array(swapped.utf8), file: "c", keys: WingCatalog.keys).cluster)
      try services.write(new)
      try services.restartDNSMasq()
      let boards = try await services.storm(8, first: "52:54:00:20:00:01", more: ["--addresses"])
      #expect(boards.succeeded && boards.text.contains("52:54:00:20:00:08 10.1.16.9\n"), "\(boards.text)")
      #expect(!FileManager.default.fileExists(atPath: "\(services.folder)/leases"))
    }
  }

  /// Field case 07a: heads do not route.
  @Test(arguments: [nil, "10.1.0.254"] as [String?]) func aRouterIsAnnouncedWhereThereIsOne(_ gateway: String?)
    async throws
  {
    try await BootServices.with(BootServices.spec(nodes: 1, gateway: gateway)) { services in
      let storm = try await services.storm(1, more: ["--addresses"])
      #expect(storm.succeeded, "\(storm.text)")
      #expect(storm.text.contains("52:54:00:10:00:01 10.1.16.1" + (gateway.map { " via \($0)" } ?? "") + "\n"))
    }
  }

  /// Finding 35.
  @Test(arguments: [
    (7, "ipxe.efi"), (16, "http://10.1.0.1/ipxe.efi"), (6, "cluster-boots-x86-64-machines-only"),
    (11, "cluster-boots-x86-64-machines-only"), (19, "cluster-boots-x86-64-machines-only"),
  ]) func everyArchitectureGetsAFileOrAName(_ architecture: Int, _ file: String) async throws {
    try await BootServices.with(BootServices.spec(nodes: 1)) { services in
      let asked = try await services.storm(1, limit: 10, more: ["--architecture", "\(architecture)"])
      #expect(asked.text.contains("boot file \(file)\n"), "\(asked.text)")
    }
  }

  /// Findings 1 and 14: who asks too often is told so, and fills no disk.
  @Test func aFloodIsRefusedAndNotWrittenDown() async throws {
    try await BootServices.with(BootServices.spec(nodes: 4)) { services in
      let script = """
        for i in $(seq 600); do
          curl -s -o /dev/null -w '%{http_code}\\n' --interface 10.1.9.9 "http://10.1.0.1/report?event=failed&mac=52:54:00:10:00:01&x=$i"
          curl -s -o /dev/null -w '%{http_code}\\n' --interface 10.1.9.9 "http://10.1.0.1/no/such/file$i"
        done; curl -s -o /dev/null -w '%{http_code}\\n' --interface 10.1.16.2 "http://10.1.0.1/report?event=ready&mac=52:54:00:10:00:02"
        curl -s -o /dev/null -w '%{http_code}\\n' --interface 10.1.9.9 "http://10.1.0.1/boot.ipxe?$(head -c 6000 /dev/zero | tr '\\0' x)"
        """
      let flood = try await services.onMachine(["sh", "-c", script])
      let codes = Dictionary(grouping: flood.text.split(separator: "\n"), by: { $0 }).mapValues(\.count)
      let log = try String(contentsOfFile: "\(services.folder)/boot.log", encoding: .utf8).split(separator: "\n")

      #expect(
        (codes["429"] ?? 0) > 1000 && (codes["414"] ?? 0) + (codes["429"] ?? 0) + (codes["404"] ?? 0) > 1100, "\(codes)"
      )
      #expect(log.count < 120 && log.last?.contains("10.1.16.2") == true)
      #expect(log.allSatisfy { $0.contains("\"port\":") && $0.utf8.count < 600 })
    }
  }
}
