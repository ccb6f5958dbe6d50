// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Planning
import Reconciler
import Simulator
import Synchronization
import struct Foundation.URL

/// A machine that `cluster` runs on: its journal, its clock, and the processes that have run there.
package final class AdminMachine: Sendable {
  package let name: String
  package let journal: MemoryJournal
  private let site: VirtualSite
  private let history: MemoryHistory
  private let state: Mutex<State>

  private struct State {
    var alive: Set<Int32> = []
    var lastPID: Int32 = 1000
    /// How far its clock is off, in seconds.
    var clockError = 0
    var random: SplitMix
  }

  package init(
    _ name: String, of site: VirtualSite, history: MemoryHistory, journal: MemoryJournal = MemoryJournal(),
    random: SplitMix
  ) {
    self.name = name
    self.site = site
    self.history = history
    self.journal = journal
    state = Mutex(State(random: random))
  }

  package func setClock(off seconds: Int) { state.withLock { $0.clockError = seconds } }

  private var now: Int { site.now + state.withLock { $0.clockError } }

  /// The outcome of one call of `cluster apply`.
  package typealias Verdict = Result<Convergence, ReconcileError>

  /// Starts `cluster apply`, or a verb that acts. `whenOver` is not called when it is killed.
  /// - Parameter thinking: how long the administrator waits at the question before the yes.
  /// - Parameter errand: the verb. Nil: `apply`.
  package func apply(
    _ description: Description, thinking: Duration = .zero, errand: DrawnErrand? = nil,
    events: @escaping @Sendable (RunEvent) -> Void = { _ in }, whenOver: @escaping @Sendable (Verdict) -> Void
  ) -> SimulatedProcess {
    start(description, whenOver) { reconciler, process in
      do throws(ReconcileError) {
        return .success(try await self.converge(reconciler, errand, thinking, events))
      } catch { return .failure(error) }
    }
  }

  /// Starts `cluster plan`.
  package func plan(
    _ description: Description,
    whenOver: @escaping @Sendable (Result<Proposal, ReconcileError>) -> Void
  ) -> SimulatedProcess {
    start(description, whenOver) { reconciler, _ in
      do throws(ReconcileError) { return .success(try await reconciler.propose()) } catch { return .failure(error) }
    }
  }

  private func start<Value: Sendable>(
    _ description: Description, _ whenOver: @escaping @Sendable (Value) -> Void,
    _ body: @escaping @Sendable (Reconciler, SimulatedProcess) async -> Value
  ) -> SimulatedProcess {
    let pid = state.withLock { state in
      state.lastPID += 1
      state.alive.insert(state.lastPID)
      return state.lastPID
    }
    let process = SimulatedProcess(name, pid: pid, in: site.loop)
    let reconciler = reconciler(description, process)
    process.start { [self] in
      let value = await body(reconciler, process)
      state.withLock { _ = $0.alive.remove(pid) }
      if !process.isKilled { whenOver(value) }
    }
    return process
  }

  private func converge(
    _ reconciler: Reconciler, _ errand: DrawnErrand?, _ thinking: Duration,
    _ events: @escaping @Sendable (RunEvent) -> Void
  ) async throws(ReconcileError) -> Convergence {
    let now = now
    let run = state.withLock { RunName.make(now: now, using: &$0.random) }
    return try await reconciler.converge(
      RunRequest(run: run, errand: errand?.make(run)),
      consent: { [site, name] proposal async throws(ReconcileError) in
        site.tell(.planned(process: name, steps: proposal.plan.steps.count, blocked: proposal.plan.blocked.count))
        site.watch { $0.agreed(to: proposal.plan, run) }
        if thinking > .zero {
          // Only the end of the process ends it early, and then nobody waits for the answer.
          try? await VirtualClock(site.loop).sleep(for: thinking)
          site.tell(.fate("\(name) says yes, after \(thinking.components.seconds) s"))
        }
        return true
      },
      events: { [site] news in
        guard case .event(let event) = news else { return }
        let words = event.words
        if !words.isEmpty { site.watch { $0.said("what a run tells", Array(words.utf8)) } }
        events(event)
      })
  }

  private func reconciler(
    _ description: Description, _ process: SimulatedProcess
  ) -> Reconciler {
    let folder = URL(fileURLWithPath: "/simulated")
    return Reconciler(
      site: Site(
        id: "simulated", specification: folder.appending(path: "cluster.yaml"), sshConfiguration: nil,
        secrets: folder.appending(path: "secrets"), agent: folder.appending(path: "cluster-agent")),
      specification: description.specification, cluster: description.cluster, wanted: description.wanted,
      hosts: Dictionary(
        uniqueKeysWithValues: description.cluster.heads.map { ($0.name, VirtualHost($0.name, from: process, of: site)) }
      ),
      secrets: FakeSecrets(), journal: journal.opened(by: process, of: site),
      processes: ProcessTable(current: identity(process.pid)) { [self] other in
        state.withLock { $0.alive.contains(other.pid) }
      },
      history: history.opened(by: process, of: site), by: "somebody@\(name)", clock: VirtualClock(site.loop),
      now: { [self] in now })
  }

  private func identity(_ pid: Int32) -> ProcessIdentity {
    ProcessIdentity(pid: pid, startedAt: 0, boot: name, namespace: name)
  }

  /// The process is no longer there.
  package func killed(_ process: SimulatedProcess) {
    process.kill()
    state.withLock { _ = $0.alive.remove(process.pid) }
  }
}

/// A verb that acts, made from the name of its run.
package struct DrawnErrand: Sendable {
  let make: @Sendable (String) -> any Errand
}

/// A description as a run needs it: read, and expanded once for all runs of it.
package struct Description: Sendable {
  var specification: Specification
  var cluster: Cluster
  var wanted: DesiredResources

  package init(_ specification: Specification, _ cluster: Cluster, _ wanted: DesiredResources) {
    self.specification = specification
    self.cluster = cluster
    self.wanted = wanted
  }

  init(_ drawn: DrawnSite) throws {
    let specification = try drawn.specification()
    guard let cluster = specification.cluster else { throw UnfitSite(yaml: drawn.yaml, problems: []) }
    self.init(specification, cluster, DesiredResources.asked(by: cluster, specification.files))
  }
}
