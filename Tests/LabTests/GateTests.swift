// SPDX-License-Identifier: Apache-2.0
import BuiltInSets
import Foundation
import HostAccess
import Testing

/// Slurm's real daemons, with the gate as the program brings it, over a power loss: `scripts/bench-gate`, small.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: geteuid() == 0, "needs root: run `sudo make test`"))
struct GateTests {
  /// The summary, which is its last line.
  private func bench<Summary: Decodable>(_ words: [String], _ type: Summary.Type) async throws -> Summary {
    let file = try #require(BuiltInSets.all["slurm"]?.first { $0.path.hasSuffix("/gate.so") })
    let library = FileManager.default.temporaryDirectory.appending(path: "gate-\(UUID()).so")
    defer { try? FileManager.default.removeItem(at: library) }
    try Data(file.bytes).write(to: library)
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
    let run = try await Command.run(
      "python3", [root.appending(path: "scripts/bench-gate").path, "--library", library.path] + words,
      deadline: .seconds(420))
    print(run.text)
    try #require(run.succeeded, "\(run.text)\(run.errorText)")
    let last = try #require(run.text.split(separator: "\n").last)
    return try JSONDecoder().decode(Summary.self, from: Data(last.utf8))
  }

  private struct Losses: Decodable {
    struct Run: Decodable {
      var came_up: Int
      var accepted, lost: Int
      var doubled, renumbered, twice, cut, never, drained: Int
    }
    var stock, gate: Run
  }

  /// Without the gate the same power loss has to show: else the test could not fail.
  @Test func noAcceptedJobIsLostInAPowerLoss() async throws {
    let losses = try await bench(["--stock", "1", "--crashes", "1", "--jobs", "80"], Losses.self)

    #expect(losses.stock.came_up == 0 || losses.stock.lost > 0)
    let gated = losses.gate
    #expect(gated.came_up == 1 && gated.accepted > 40)
    #expect(gated.lost == 0 && gated.doubled == 0 && gated.renumbered == 0)
    #expect(gated.twice == 0 && gated.cut == 0 && gated.never == 0 && gated.drained == 0)
  }

  private struct Faults: Decodable {
    struct Submission: Decodable {
      var accepted: Bool
      var seconds: Double
      var state, reason: String
    }
    struct All: Decodable { var full, still_full, well_again, untested: Submission }
    var faults: All
  }

  /// A full disk keeps one submission for the limit of 5 s, and is told; so is a Slurm that the gate does not know.
  @Test func itSaysSoWhereItCannotKeepItsWord() async throws {
    let faults = try await bench(["--faults"], Faults.self).faults

    #expect(faults.full.accepted && (4.5..<9).contains(faults.full.seconds))
    #expect(faults.full.state == "degraded" && faults.full.reason == "timeout")
    #expect(faults.still_full.accepted && faults.still_full.seconds < 3, "nobody waits while it is degraded")
    #expect(faults.well_again.accepted && faults.well_again.state == "ok")
    #expect(faults.untested.accepted && faults.untested.seconds < 3)
    #expect(faults.untested.state == "off" && faults.untested.reason == "untested-version")
  }
}
