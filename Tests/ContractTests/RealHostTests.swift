// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import HostAccess
import Testing
import Wings

@testable import Lab

/// The same contract, held by the real agent, over real SSH, on a real Debian head of a lab.
///
/// Only root can make a lab. Without root the suite is skipped, and says so; as root it runs or fails.
@Suite(
  .serialized, .timeLimit(.minutes(20)),
  .enabled(if: geteuid() == 0, "a lab needs root: run `sudo make test` to hold the real agent to the contract"))
struct RealHostTests {
  @Test func holdsTheContract() async throws {
    try await withHead { head in
      let proxy = FileGoal(
        path: "/etc/apt/apt.conf.d/90contract",
        contents: .text("Acquire::http::Proxy \"http://198.51.100.1:3142\";\n"))
      try await ContractHost.using(head) { host in try await host.perform(EnsureFile(proxy)) }
      for contract in Contract.all {
        do {
          try await ContractHost.using(head) { host in try await contract.check(host) }
        } catch {
          Issue.record("\(contract.name): \(error)")
        }
      }
    }
  }

  private func withHead(_ body: (SSHHost) async throws -> Void) async throws {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let agent =
      ProcessInfo.processInfo.environment["CLUSTER_AGENT"] ?? repository.appending(path: "bin/cluster-agent").path
    try #require(FileManager.default.isExecutableFile(atPath: agent), "\(agent) is not built: run `make build`")
    let folder = FileManager.default.temporaryDirectory.appending(path: "contract-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let spec = folder.appending(path: "cluster.yaml").path
    try Data().write(to: URL(filePath: spec))
    var problem: (any Error)?
    do {
      let site = try await LabSite.up(try Self.cluster(), spec: spec, program: try program(), progress: { _ in })
      let head = SSHHost(
        id: "head1", target: "head1", hostName: nil, user: site.user, configuration: site.sshConfig, agent: agent,
        catalog: .all, runDirectory: folder.path)
      do { try await body(head) } catch { problem = error }
      await head.close()
    } catch { problem = error }
    _ = try await LabSite.down(beside: spec, progress: { _ in })
    if let problem { throw problem }
  }

  /// `cluster`, which the package manager builds beside the tests: machines and BMCs of a lab run it.
  private func program() throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = URL(filePath: own).deletingLastPathComponent().appending(path: "cluster").path
    try #require(FileManager.default.isExecutableFile(atPath: beside), "\(beside) is not built")
    return beside
  }

  /// One head. A lab lets SSH in over the first card, so that eth0 is left to the contract.
  private static func cluster() throws -> Cluster {
    let source = SourceSpan(file: "cluster.yaml", line: 1, column: 1, endLine: 1, endColumn: 1)
    func network(_ name: String, _ cidr: String, gateway: IPv4Address? = nil) throws -> Network {
      Network(
        name: name, cidr: try #require(IPv4Network(cidr)), gateway: gateway, dns: [], serves: [], dynamic: nil,
        source: source)
    }
    func nic(_ name: String, _ network: String, _ address: String) throws -> NIC {
      NIC(
        name: name, network: network, address: try #require(IPv4Address(address)), mac: nil, source: source)
    }
    let bmc = BMC(
      address: try #require(IPv4Address("10.3.0.1")), protocol: .ipmi, user: "admin", password: SecretRef("bmc/head1"))
    let head = Head(
      name: "head1", nics: [try nic("eth1", "public", "198.51.100.11"), try nic("eth0", "private", "10.77.0.1")],
      bmc: bmc, cloneOf: nil, wipe: false, source: source)
    return Cluster(
      name: "contract", domain: "contract.example.org", repositories: Repositories(),
      networks: [
        try network("public", "198.51.100.0/24", gateway: IPv4Address("198.51.100.1")),
        try network("private", "10.77.0.0/24"), try network("bmc", "10.3.0.0/16"),
      ], heads: [head], images: [], nodes: [], ha: nil, access: Access(), source: source)
  }
}
