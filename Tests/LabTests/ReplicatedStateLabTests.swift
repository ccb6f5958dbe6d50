// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A service whose state is on a disk of each head: it moves with all that it was told, and never starts from less.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ReplicatedStateLabTests {
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../examples/replicated-state").standardized
  private static let unit = "site-keeper.service"

  @Test func stateOutlivesEitherHead() async throws {
    // The lab's heads are containers, and their kernel has no DRBD.
    var spec = try String(contentsOf: Self.example.appending(path: "cluster.yaml"), encoding: .utf8)
    let disks = try #require(spec.firstRange(of: /disks: \{.*\}/))
    spec.replaceSubrange(disks, with: "by: stand-in")
    let site = try await UserSite.make(spec: spec, beside: ["packages": Self.example.appending(path: "packages")])
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.text) \(apply.errorText)")
      try await inSync(site, on: "head1")
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
    #expect(try await isKept("first", site))
    let moved = try await site.cluster(["ha", "switchover", "--to", "head2", "--lab", "--yes"])
    #expect(moved.status == 0, "\(moved.text) \(moved.errorText)")
    try await inSync(site, on: "head2")
    #expect(try await isKept("second", site))
    #expect(try await lines(on: "head2", site) == ["first", "second"])
    #expect(try await site.onHead("head1", ["cat", "/proc/mounts"]).text.contains(" /srv/state ") == false)
  }

  /// The disks lose sight of each other, and the head that goes on is lost: the other one waits for it.
  private func neverStartsFromLess(_ site: UserSite) async throws {
    let began = try await startOfService(on: "head1", site)
    #expect(try await site.cluster(["lab", "cut", "head1", "heartbeat"]).status == 0)
    let silent = ContinuousClock.now
    try await site.eventually("head2 goes on alone") { try await isKept("third", site) }
    print("replication cut: written again after \((ContinuousClock.now - silent) / .seconds(1)) s")
    try await site.eventually("it is told") {
      try await state(site)?.detail.hasPrefix("head2 goes on alone: head1 has an older copy") == true
    }
    let refused = try await site.cluster(["ha", "switchover", "--to", "head1", "--lab", "--yes"])
    #expect(refused.status == 6 && refused.errorText.contains("head1 has an older copy"), "\(refused.errorText)")

    #expect(try await site.cluster(["lab", "power", "head2", "off"]).status == 0)
    try await site.eventually("head1 has the address, and not the service") {
      let shown = try? await site.onHead("head1", ["ip", "-4", "address", "show", "eth0"]).text
      return shown?.contains("10.1.0.10/") == true
    }
    #expect(try await isKept("lost", site) == false)
    try await site.eventually("head2 is back with its copy") { try await isKept("fourth", site) }
    #expect(try await lines(on: "head2", site).suffix(2) == ["third", "fourth"])
    #expect(try await startOfService(on: "head1", site) == began)

    #expect(try await site.cluster(["lab", "cut", "head1", "heartbeat", "--mend"]).status == 0)
    try await inSync(site, on: "head2")
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
    let telling = Task { try await tell(site, for: .seconds(40)) }
    try await Task.sleep(for: .seconds(2))
    #expect(try await site.cluster(["lab", "power", "head2", "off"]).status == 0)
    let (kept, longest) = try await telling.value
    print("power loss: \(kept.count) lines kept, \(longest) s without an answer")

    try await inSync(site, on: "head1")
    let found = Set(try await lines(on: "head1", site))
    #expect(kept.filter { !found.contains($0) } == [])
    #expect(kept.count > 20)
    try await site.eventually("head2 is back, and may take over") { try await site.status().ha.armed }
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  // MARK: What is seen

  /// Tells it line after line, and gives those that it has confirmed, and the longest time between two.
  private func tell(_ site: UserSite, for time: Duration) async throws -> ([String], Double) {
    let clock = ContinuousClock()
    let end = clock.now + time
    var (kept, last, longest) = ([String](), clock.now, 0.0)
    while clock.now < end {
      let line = "line-\(kept.count)-\(Int((end - clock.now) / .milliseconds(1)))"
      guard try await isKept(line, site) else { continue }
      kept.append(line)
      longest = max(longest, (clock.now - last) / .seconds(1))
      last = clock.now
    }
    return (kept, longest)
  }

  /// At the service address, from the lab's own namespace.
  private func isKept(_ line: String, _ site: UserSite) async throws -> Bool {
    let argv = site.lab.inside(["socat", "-t", "8", "-", "TCP:10.1.0.10:4711,connect-timeout=1"])
    let answer = try await Command.run(argv[0], Array(argv.dropFirst()), input: Array("\(line)\n".utf8))
    return answer.text == "kept \(line)\n"
  }

  private func lines(on head: String, _ site: UserSite) async throws -> [String] {
    try await site.onHead(head, ["cat", "/srv/state/lines"]).text.split(separator: "\n").map(String.init)
      .filter { $0 != "lost" }
  }

  private func startOfService(on head: String, _ site: UserSite) async throws -> String {
    try await site.onHead(head, ["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", Self.unit]).text
  }

  private func state(_ site: UserSite) async throws -> UserSite.Status.Condition? {
    try await site.status().ha.conditions.first { $0.name == "state" }
  }

  private func inSync(_ site: UserSite, on head: String) async throws {
    try await site.eventually("\(head) serves, and both have the same") {
      let status = try await site.status()
      return status.ha.conditions.contains { $0.name == "state" && $0.ok }
        && status.services.contains { $0.name == "keeper" && $0.head == head && $0.state == "running" }
    }
  }
}
