// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// The service of `examples/replicated-state`, as its clients see it: it confirms a line when that is on the disk.
struct Keeper {
  static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../examples/replicated-state").standardized
  private static let unit = "site-keeper.service"

  let site: UserSite

  init(_ site: UserSite) { self.site = site }

  /// At the service address, from the lab's own namespace.
  func isKept(_ line: String) async throws -> Bool {
    let argv = site.lab.inside(["socat", "-t", "8", "-", "TCP:10.1.0.10:4711,connect-timeout=1"])
    let answer = try await Command.run(argv[0], Array(argv.dropFirst()), input: Array("\(line)\n".utf8))
    return answer.text == "kept \(line)\n"
  }

  /// Tells it line after line, and gives those that it has confirmed, and the longest time between two.
  func tell(for time: Duration) async throws -> ([String], Double) {
    let clock = ContinuousClock()
    let end = clock.now + time
    var (kept, last, longest) = ([String](), clock.now, 0.0)
    while clock.now < end {
      let line = "line-\(kept.count)-\(Int((end - clock.now) / .milliseconds(1)))-\(LabSite.randomText(4))"
      guard try await isKept(line) else { continue }
      kept.append(line)
      longest = max(longest, (clock.now - last) / .seconds(1))
      last = clock.now
    }
    return (kept, longest)
  }

  func lines(on head: String) async throws -> [String] {
    try await site.onHead(head, ["cat", "/srv/state/lines"]).text.split(separator: "\n").map(String.init)
      .filter { $0 != "lost" }
  }

  func start(on head: String) async throws -> String {
    try await site.onHead(head, ["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", Self.unit]).text
  }

  func state() async throws -> UserSite.Status.Condition? {
    try await site.status().ha.conditions.first { $0.name == "state" }
  }

  func inSync(on head: String, within limit: Duration = .seconds(180)) async throws {
    try await site.eventually("\(head) serves, and both have the same", within: limit) {
      let status = try await site.status()
      return status.ha.conditions.contains { $0.name == "state" && $0.ok }
        && status.services.contains { $0.name == "keeper" && $0.head == head && $0.state == "running" }
    }
  }
}
