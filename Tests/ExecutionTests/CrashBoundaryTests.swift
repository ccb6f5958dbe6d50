// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// The example's whole apply, killed by SIGKILL at every boundary of the journal, and applied again: `Tests/CrashChild`.
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
    #expect(Set(killed.map(\.boundary)) == Set(1...whole.boundaries))
    for report in killed {
      let at: Comment = "killed at boundary \(report.boundary) of \(whole.boundaries)"
      #expect(report.problem == nil, at)
      #expect(report.isConverged, at)
      #expect(report.world == whole.world, at)
      // Before the first boundary has passed, the journal knows nothing of the run; after the last, it has ended.
      let isKnown = report.boundary > 1 && report.boundary < whole.boundaries
      #expect(report.interrupted == (isKnown ? ["first"] : []), at)
      #expect(report.recorded.last == "converged", at)
      #expect(Self.surplus(report, whole) == [], at)
    }
    print("\(killed.count) boundaries in \(ContinuousClock.now - began)")
  }

  /// What was done more often than in a run that nobody kills, but for what the dead-man switch has undone meanwhile.
  private static func surplus(_ report: Report, _ whole: Report) -> [String] {
    let usual = Dictionary(whole.effects.map { ($0, 1) }, uniquingKeysWith: +)
    let undone = Dictionary(report.undone.map { ($0, 1) }, uniquingKeysWith: +)
    return Dictionary(report.effects.map { ($0, 1) }, uniquingKeysWith: +)
      .filter { $0.value > usual[$0.key, default: 0] + undone[$0.key, default: 0] }.keys.sorted()
  }

  /// Half of the boundaries in each of two processes.
  private static func reports() async throws -> [Report] {
    // Disks are slow to sync, and a kill loses nothing that memory would lose.
    let memory = URL(filePath: "/dev/shm")
    let base =
      FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    let folder = base.appending(path: "crash-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let template = try await template(in: folder)
    let program = try child()
    return try await withThrowingTaskGroup(of: [Report].self) { group in
      for part in 0..<2 {
        group.addTask {
          let result = try await Command.run(
            program, [template, folder.path, "\(part)", "2"], deadline: .seconds(550))
          #expect(result.succeeded, "\(result.lastLines)")
          return try result.text.split(separator: "\n").map {
            try JSONDecoder().decode(Report.self, from: Data($0.utf8))
          }
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
