// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

/// The example's whole apply, killed by SIGKILL at each boundary of the journal, and applied again: `Tests/CrashChild`.
@Suite(.timeLimit(.minutes(10))) struct CrashBoundaryTests {
  private struct Report: Decodable {
    var boundary: Int
    var boundaries: Int
    var isConverged: Bool
    var interrupted: [String]
    var recorded: [String]
    var effects: [String]
    var undone: [String]
    var world: [String]
    var problem: String?
  }

  @Test func aRunKilledAtAnyBoundaryIsFinishedByTheNext() async throws {
    let began = ContinuousClock.now
    let reports = try await Self.reports()

    let whole = try #require(reports.first { $0.boundary == 0 })
    #expect(whole.isConverged && whole.boundaries > 150, "\(whole.problem ?? "")")
    let killed = reports.filter { $0.boundary > 0 }
    #expect(killed.count >= whole.boundaries / Self.parts * 2)
    #expect(!Self.isThorough || Set(killed.map(\.boundary)) == Set(1...whole.boundaries))
    for report in killed {
      let at: Comment = "killed at boundary \(report.boundary) of \(whole.boundaries)"
      #expect(report.problem == nil, at)
      #expect(report.isConverged, at)
      #expect(report.world == whole.world, at)
      // Before the first boundary the journal knows nothing of the run; after the last, it has ended and is recorded.
      let isKnown = report.boundary > 1 && report.boundary < whole.boundaries
      #expect(report.interrupted.allSatisfy { $0.hasPrefix("first") } && report.interrupted.isEmpty != isKnown, at)
      // Newest first. What the journal knew of the killed run is in the record too; but for one that died just after
      // it was recorded, it says that it was interrupted.
      #expect(report.recorded.first == "converged", at)
      let wasRecorded = report.boundary == whole.boundaries - 1
      #expect(report.recorded.dropFirst().contains(wasRecorded ? "converged" : "interrupted") == isKnown, at)
      #expect(Self.surplus(report, whole) == [], at)
    }
    print("\(killed.count) boundaries in \(ContinuousClock.now - began)")
  }

  /// What was done more often than in a run that nobody kills, but for what the dead-man switch has undone meanwhile.
  ///
  /// Pacemaker's configuration is the same from whichever head it is changed. A capture is a copy of the head as it is
  /// now, made anew for each installation: taking it again harms nothing.
  private static func surplus(_ report: Report, _ whole: Report) -> [String] {
    func counts(_ effects: [String]) -> [String: Int] {
      let plain = effects.map { effect -> String in
        let words = effect.split(separator: " ", maxSplits: 1).map(String.init)
        return words.last?.hasPrefix("ensureCIB") == true ? words[1] : effect
      }
      return Dictionary(plain.map { ($0, 1) }, uniquingKeysWith: +)
    }
    let (usual, undone) = (counts(whole.effects), counts(report.undone))
    return counts(report.effects)
      .filter { effect, count in
        !effect.contains("ensureCapture") && count > usual[effect, default: 0] + undone[effect, default: 0]
      }.keys.sorted()
  }

  /// All boundaries with `CLUSTER_TEST_THOROUGH`, as in `make test`; without it a quarter, another one each time.
  private static let isThorough = ProcessInfo.processInfo.environment["CLUSTER_TEST_THOROUGH"] != nil
  private static let parts = 8

  /// In two processes at a time.
  private static func reports() async throws -> [Report] {
    // Disks are slow to sync, and a kill loses nothing that memory would lose.
    let memory = URL(filePath: "/dev/shm")
    let base =
      FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    let folder = base.appending(path: "crash-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let template = try await template(in: folder)
    let program = try child()
    var random = SeededGenerator()
    let chosen = Array(0..<parts).shuffled(using: &random).prefix(isThorough ? parts : 2)
    return try await withThrowingTaskGroup(of: [Report].self) { group in
      for worker in 0..<2 {
        group.addTask {
          var reports: [Report] = []
          for part in chosen where chosen.firstIndex(of: part).map({ $0 % 2 }) == worker {
            let result = try await Command.run(
              program, [template, folder.path, "\(part)", "\(parts)"], deadline: .seconds(550))
            #expect(result.succeeded, "\(result.lastLines)")
            reports += try result.text.split(separator: "\n").map {
              try JSONDecoder().decode(Report.self, from: Data($0.utf8))
            }
          }
          return reports
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  /// The example in a repository of its own.
  private static func template(in folder: URL) async throws -> String {
    let template = folder.appending(path: "template")
    try FileManager.default.createDirectory(at: template, withIntermediateDirectories: true)
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    for name in ["cluster.yaml", "images"] {
      try FileManager.default.copyItem(at: root.appending(path: name), to: template.appending(path: name))
    }
    for arguments in [
      ["init", "-q"], ["config", "user.name", "admin"], ["config", "user.email", "admin@example.org"],
    ] {
      try await Command.checked("git", ["-C", template.path] + arguments, next: "See what git says.")
    }
    return template.path
  }

  /// The package manager builds it beside the tests.
  private static func child() throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = URL(filePath: own).deletingLastPathComponent().appending(path: "crash-child").path
    try #require(FileManager.default.isExecutableFile(atPath: beside), "\(beside) is not built")
    return beside
  }
}
