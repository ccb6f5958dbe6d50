// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Foundation
import HostAccess
import Reconciler
import Simulator
import Synchronization

/// The example in a folder: its description, its record in git, its journal and its machines.
struct CrashSite {
  struct Report: Codable {
    /// The boundary at which the run before this one died. 0: there was none.
    var boundary: Int
    /// How many boundaries this run had.
    var boundaries: Int
    var isConverged: Bool
    var interrupted: [String]
    var recorded: [String]
    /// Every operation that changed something, of both runs.
    var effects: [String]
    /// Of these, what the dead-man switch has undone.
    var undone: [String]
    var world: [String]
    var problem: String?
  }

  let place: String
  let specification: Specification

  init(_ place: String, _ specification: Specification) {
    self.place = place
    self.specification = specification
  }

  /// Does what `cluster apply --yes` does.
  func apply(as run: String, diesAt boundary: Int, after earlier: Int) async {
    let report: Report
    do { report = try await applied(run, boundary, earlier) } catch {
      report = Report(
        boundary: earlier, boundaries: 0, isConverged: false, interrupted: [], recorded: [], effects: [], undone: [],
        world: [], problem: "\(error)")
    }
    let data = (try? JSONEncoder().encode(report)) ?? Data()
    _ = FileManager.default.createFile(atPath: "\(place)/report.json", contents: data)
  }

  private func applied(_ run: String, _ boundary: Int, _ earlier: Int) async throws -> Report {
    let location = URL(filePath: "\(place)/cluster.yaml")
    guard let cluster = specification.cluster else { throw CocoaError(.fileReadCorruptFile) }
    let world = try await KeptWorld(cluster, path: "\(place)/world.jsonl")
    let journal = DyingJournal(try Journal(path: "\(place)/.cluster/journal.sqlite"), diesAt: boundary)
    let history = try AuditRepository(folder: place)
    let now = await world.cluster.world.now
    let reconciler = Reconciler(
      site: Site(
        id: "crash", specification: location, sshConfiguration: nil, secrets: location, agent: location),
      specification: specification, cluster: cluster,
      hosts: Dictionary(uniqueKeysWithValues: cluster.heads.map { ($0.name, world.host($0.name)) }),
      secrets: FakeSecrets(), journal: journal, processes: .machine, history: history, by: "crash@test",
      clock: FastClock(), now: { now })
    var policy = ExecutionPolicy()
    policy.lockTimeout = .seconds(300)
    let interrupted = Mutex<[String]>([])
    let convergence = try await reconciler.converge(
      RunRequest(run: run, policy: policy), consent: { _ async throws(ReconcileError) in true },
      events: { news in
        if case .event(.foundInterrupted(let run)) = news { interrupted.withLock { $0.append(run.id) } }
      })
    let isConverged =
      switch convergence {
      case .nothingToDo: true
      case .applied(let applied): applied.isConverged
      case .blocked, .declined: false
      }
    let end = await world.cluster.world
    return Report(
      boundary: earlier, boundaries: journal.boundaries, isConverged: isConverged,
      interrupted: interrupted.withLock { $0 }, recorded: try history.log(site: "crash", limit: 9).map(\.result),
      effects: end.effects, undone: WorldText.undone(end), world: WorldText.lines(end), problem: nil)
  }
}
