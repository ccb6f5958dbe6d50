// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A service whose state is on a disk of each head: it moves with all that it was told, and never starts from less.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ReplicatedStateLabTests {
  @Test func stateOutlivesEitherHead() async throws {
    // The lab's heads are containers, and their kernel has no DRBD.
    var spec = try String(contentsOf: Keeper.example.appending(path: "cluster.yaml"), encoding: .utf8)
    let disks = try #require(spec.firstRange(of: /disks: \{.*\}/))
    spec.replaceSubrange(disks, with: "by: stand-in")
    let site = try await UserSite.make(spec: spec, beside: ["packages": Keeper.example.appending(path: "packages")])
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.text) \(apply.errorText)")
      try await Keeper(site).inSync(on: "head1")
      #expect(try await site.cluster(["lab", "status"]).text.contains("stand-in: /srv/state"))
      try await moves(site)
      try await neverStartsFromLess(site)
      try await outlivesItsHead(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// By order, with everything.
  private func moves(_ site: UserSite) async throws {
    #expect(try await Keeper(site).isKept("first"))
    let moved = try await site.cluster(["ha", "switchover", "--to", "head2", "--lab", "--yes"])
    #expect(moved.status == 0, "\(moved.text) \(moved.errorText)")
    try await Keeper(site).inSync(on: "head2")
    #expect(try await Keeper(site).isKept("second"))
    #expect(try await Keeper(site).lines(on: "head2") == ["first", "second"])
    #expect(try await site.onHead("head1", ["cat", "/proc/mounts"]).text.contains(" /srv/state ") == false)
  }

  /// The disks lose sight of each other, and the head that goes on is lost: the other one waits for it.
  private func neverStartsFromLess(_ site: UserSite) async throws {
    let began = try await Keeper(site).start(on: "head1")
    #expect(try await site.cluster(["lab", "cut", "head1", "heartbeat"]).status == 0)
    let silent = ContinuousClock.now
    try await site.eventually("head2 goes on alone") { try await Keeper(site).isKept("third") }
    print("replication cut: written again after \((ContinuousClock.now - silent) / .seconds(1)) s")
    try await site.eventually("it is told") {
      try await Keeper(site).state()?.detail.hasPrefix("head2 goes on alone: head1 has an older copy") == true
    }
    let refused = try await site.cluster(["ha", "switchover", "--to", "head1", "--lab", "--yes"])
    #expect(refused.status == 6 && refused.errorText.contains("head1 has an older copy"), "\(refused.errorText)")

    #expect(try await site.cluster(["lab", "power", "head2", "off"]).status == 0)
    try await site.eventually("head1 has the address, and not the service") {
      let shown = try? await site.onHead("head1", ["ip", "-4", "address", "show", "eth0"]).text
      return shown?.contains("10.1.0.10/") == true
    }
    #expect(try await Keeper(site).isKept("lost") == false)
    try await site.eventually("head2 is back with its copy") { try await Keeper(site).isKept("fourth") }
    #expect(try await Keeper(site).lines(on: "head2").suffix(2) == ["third", "fourth"])
    #expect(try await Keeper(site).start(on: "head1") == began)

    #expect(try await site.cluster(["lab", "cut", "head1", "heartbeat", "--mend"]).status == 0)
    try await Keeper(site).inSync(on: "head2")
    let journal = try await site.onHead(
      "head2", ["journalctl", "--boot", "--unit=cluster-replica-active", "--output=cat"]
    ).text
    let copied = journal.matches(of: /copying ([0-9]+) bytes/).compactMap { Int($0.1) }
    print("copied after the cut: \(copied) bytes of 1 GiB")
    #expect((copied.max() ?? .max) < 128 << 20, "\(journal)")
  }

  /// Its power goes, links first, while it is told things: nothing that it has confirmed is lost.
  private func outlivesItsHead(_ site: UserSite) async throws {
    try await site.eventually("armed") { try await site.status().ha.armed }
    let telling = Task { try await Keeper(site).tell(for: .seconds(40)) }
    try await Task.sleep(for: .seconds(2))
    #expect(try await site.cluster(["lab", "power", "head2", "off"]).status == 0)
    let (kept, longest) = try await telling.value
    print("power loss: \(kept.count) lines kept, \(longest) s without an answer")

    try await Keeper(site).inSync(on: "head1")
    let found = Set(try await Keeper(site).lines(on: "head1"))
    #expect(kept.filter { !found.contains($0) } == [])
    #expect(kept.count > 20)
    try await site.eventually("head2 is back, and may take over") { try await site.status().ha.armed }
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }
}
