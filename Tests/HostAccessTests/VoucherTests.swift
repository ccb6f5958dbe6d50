// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing
import Wings

/// Whose key a host's is, against a real sshd: what another host says counts, and never what is shown.
@Suite(.serialized, .enabled(if: SSHServer.isPossible, "sshd and root are needed"), .timeLimit(.minutes(2)))
struct VoucherTests {
  private let server: SSHServer

  init() async throws { server = try await SSHServer() }

  private func key(_ name: String) throws -> String {
    try String(contentsOfFile: "\(server.folder.path)/\(name).pub", encoding: .utf8).split(separator: " ").prefix(2)
      .joined(separator: " ")
  }

  private func known() throws -> String {
    (try? String(contentsOfFile: "\(server.folder.path)/known", encoding: .utf8)) ?? ""
  }

  private func code(_ host: SSHHost) async -> AgentError.Code? {
    do throws(AgentError) { _ = try await host.operations() } catch { return error.code }
    return nil
  }

  /// Whatever the user's own settings say: somebody who answers at a head's address is not that head.
  @Test(arguments: ["accept-new", "no"]) func lookingLearnsNoKey(_ setting: String) async throws {
    try server.configure(knownHosts: "known", "StrictHostKeyChecking \(setting)")
    let host = server.host()

    #expect(await code(host) == .hostKey)
    #expect(try known() == "")
    await host.close()
  }

  @Test func aKeyThatAnotherHostVouchesForIsLearnt() async throws {
    try server.configure(knownHosts: "known")
    let key = try key("host_key")
    let host = server.host(voucher: { key })

    #expect(await code(host) == nil)
    #expect(try known() == "[127.0.0.1]:\(server.port) \(key)\n")
    await host.close()
  }

  /// Such as that of the head that was there before, or of whoever answered once.
  @Test func itTakesThePlaceOfAnother() async throws {
    let (key, other) = (try key("host_key"), try key("other_key"))
    _ = try server.folder.write("[127.0.0.1]:\(server.port) \(other)\n192.0.2.1 \(other)\n", "known")
    try server.configure(knownHosts: "known")
    let host = server.host(voucher: { key })

    #expect(await code(host) == nil)
    #expect(try known() == "192.0.2.1 \(other)\n[127.0.0.1]:\(server.port) \(key)\n")
    await host.close()
  }

  @Test func whoShowsAnotherKeyThanTheOneVouchedForIsNotLetIn() async throws {
    try server.configure(knownHosts: "known")
    let other = try key("other_key")
    let host = server.host(voucher: { other })

    #expect(await code(host) == .hostKey)
    #expect(try known() == "[127.0.0.1]:\(server.port) \(other)\n")
    await host.close()
  }
}
