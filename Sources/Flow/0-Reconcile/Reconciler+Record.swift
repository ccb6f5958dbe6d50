// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import HostAccess
import Planning
import Wings

extension Reconciler {
  /// The resources that the newest recorded run of this site left in place, those that killed runs have begun to put
  /// there since, and what clones may have of it.
  func managedBefore() async throws(ReconcileError) -> [ManagedResource] {
    let managed: ManagedSet
    do { managed = try history.managed(site: site.id, catalog: KindCatalog.all) } catch { throw .audit(error) }
    guard managed.unreadable.isEmpty else { throw .unreadableRecord(managed.unreadable) }
    let previously = try await managed.resources.overlaid(with: begunByInterruptedRuns())
    let originals = cluster.heads.compactMap { head in head.cloneOf.map { (head.name, $0) } }
    return previously
      + Planner.inherited(
        desired: wanted.resources, previously: previously,
        originals: Dictionary(originals) { first, _ in first }, catalog: KindCatalog.all)
  }

  /// The description and the files that it refers to, by path relative to its folder.
  var recordedSpecification: [String: RecordedFile] {
    var files = specification.files.ofSite.mapValues { RecordedFile($0.contents.bytes, $0.kind) }
    files[site.specification.lastPathComponent] = RecordedFile(specification.bytes)
    return files
  }

  /// Writes what was done and what is now true into the record. The journal may forget it then.
  func record(_ rounds: Rounds) async throws(ReconcileError) -> Applied {
    var applied = Applied(outcome: rounds.outcome, verified: rounds.latest, endedBy: rounds.endedBy)
    let record = try record(applied, rounds)
    do throws(AuditError) { applied.recorded = try await history.record(record) } catch { throw .audit(error) }
    do throws(ExecutionError) { try await journal.recorded(rounds.outcome.run) } catch { throw .execution(error) }
    return applied
  }

  private func record(
    _ applied: Applied, _ rounds: Rounds
  ) throws(ReconcileError) -> AuditRecord {
    let proposal = rounds.agreed
    // An errand puts nothing in place that could be taken away later.
    let managed =
      proposal.errand != nil
      ? proposal.previously
      : Planner.managed(
        desired: proposal.desired, previously: proposal.previously.filter { !rounds.takenAway.contains($0.id) },
        verified: applied.verified.whole, touched: rounds.touched, catalog: KindCatalog.all)
    let text = PlanText(PlanReview(proposal.plan), colour: false, full: true).text.visibleLines
    let files = recordedSpecification
    let state: SpecState
    do { state = try history.specState(Array(files.keys)) } catch { throw .audit(error) }
    return AuditRecord(
      site: site.id, spec: state, specification: files, planJSON: proposal.plan.json, planText: text,
      outcome: applied.outcome, result: applied.word, managed: managed,
      observed: ObservedText.files(applied.verified.inventory, cluster), by: by, tool: Version.text,
      subject: applied.subject)
  }
}

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
