// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// An apply that takes away the address over which it reaches a head: the head comes back by itself.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct DeadManTests {
  @Test func aHeadThatIsCutOffComesBackByItself() async throws {
    let site = try await UserSite.make(spec: SmallSite.spec)
    do {
      let first = try await site.cluster(["apply", "--lab", "--yes"])
      #expect(first.status == 0, "\(first.errorText)")
      try await cutOff(site)
      try await bootWithinTheTime(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func cutOff(_ site: UserSite) async throws {
    try site.edit("address: 10.1.0.1,", "address: 10.1.0.7,")

    let apply = try await site.cluster(["apply", "--lab", "--yes", "--confirm-within", "20"])

    #expect(apply.status == 3, "\(apply.errorText)")
    #expect(apply.errorText.contains("The host has undone ensureLink eth0 10.1.0.7/16"), "\(apply.errorText)")
    try await isAsBefore(site)
    #expect(
      try await site.git(["log", "-1", "--format=%(trailers:key=Result,valueonly)", "cluster/history"]) == "rolled-back"
    )
    try site.edit("address: 10.1.0.7,", "address: 10.1.0.1,")
    let mended = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(mended.status == 0, "\(mended.errorText)")
  }

  /// The timer of a machine that boots is gone: then it is undone before the links come up.
  private func bootWithinTheTime(_ site: UserSite) async throws {
    try site.edit("address: 10.1.0.1,", "address: 10.1.0.7,")
    let program = try site.start(["apply", "--lab", "--yes", "--confirm-within", "600"])
    try await program.says("not confirmed yet")

    _ = try await site.cluster(["lab", "power", "head1", "cycle"])

    #expect(try await program.ended() == 3, "\(program.text)")
    try await isAsBefore(site)
    try site.edit("address: 10.1.0.7,", "address: 10.1.0.1,")
    let mended = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(mended.status == 0, "\(mended.errorText)")
  }

  /// Reached at its old address, which is again in its file, with nothing left behind.
  private func isAsBefore(_ site: UserSite) async throws {
    let addresses = try await site.onHead("head1", ["ip", "-br", "-4", "address", "show", "dev", "eth0"]).text
    #expect(addresses.contains("10.1.0.1/16") && !addresses.contains("10.1.0.7"), "\(addresses)")
    let file = try await site.onHead("head1", ["cat", "/etc/systemd/network/10-cluster-eth0.network"]).text
    #expect(file.contains("Address=10.1.0.1/16"), "\(file)")
    let left = try await site.onHead(
      "head1",
      [
        "find", "/etc/systemd/system", "/var/lib/cluster/deadman/before", "-name", "*cluster-undo*", "-o", "-name",
        "image*",
      ])
    #expect(left.text.isEmpty, "\(left.text)")
  }
}
