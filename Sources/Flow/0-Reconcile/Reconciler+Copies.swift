// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess

extension Reconciler {
  /// Takes over what was recorded from another machine since: a head that has seen a newer generation than this
  /// machine's journal tells that there was a run. Gives the newest generation that either knows.
  ///
  /// To be called before planning: what such a run has left in place is only known from its record.
  func catchUp(_ events: Telling) async throws(ReconcileError) -> Int {
    guard let copies else { return 0 }
    let (here, there): (Int, Int)
    do throws(ExecutionError) {
      (here, there) = (try await journal.newestGeneration(), await newestGenerationOnHosts())
    } catch { throw .execution(error) }
    if there > here { try await gather(copies, events) }
    return max(here, there)
  }

  /// The same under the lease: whoever was at work since then has recorded it before the lease was given back.
  func catchUp(since known: Int, _ lease: HeldRun, _ events: Telling) async throws(ReconcileError) {
    guard let copies, lease.generation > known + 1 else { return }
    try await gather(copies, events)
  }

  private func gather(_ copies: HistoryCopies, _ events: Telling) async throws(ReconcileError) {
    do { events(.caughtUp(try await copies.gather())) } catch { throw .audit(error) }
  }

  /// Brings the copies of the record up to date, if one is known to be behind. Empty when none was.
  package func catchCopiesUp() async throws(ReconcileError) -> [HistoryCopy] {
    guard let copies else { return [] }
    do {
      if try await copies.standing().allSatisfy({ $0.behind == 0 }) { return [] }
      return try await copies.distribute()
    } catch { throw .audit(error) }
  }

  /// Never fails: the run is done and recorded here, and a copy that lacks it says so.
  func distribute() async -> [HistoryCopy] {
    guard let copies else { return [] }
    do { return try await copies.distribute() } catch {
      return [HistoryCopy(name: "every copy", behind: 1, problem: "\(error)", next: error.next)]
    }
  }

  /// A head that does not answer has nothing to say here; planning finds out about it.
  private func newestGenerationOnHosts() async -> Int {
    await withTaskGroup(of: Int.self) { group in
      for host in hosts.values {
        group.addTask { (try? await host.lease().newestGeneration) ?? 0 }
      }
      return await group.reduce(0, max)
    }
  }
}
