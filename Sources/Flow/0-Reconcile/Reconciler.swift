// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Wings
import HostAccess
import Planning

extension DesiredResources {
  /// The resources that a description asks for, with the catalog of this program.
  package static func asked(by cluster: Cluster, _ files: SiteFiles) -> DesiredResources {
    DesiredResources(
      Expansion.expand(cluster, files), catalog: KindCatalog.all,
      heads: HeadOrder(cluster, sight: HighAvailability.sight))
  }
}

/// The whole program on one screen: read → expand → observe → plan → execute → record.
///
/// `converge` is the one order of a run: the command line, the simulation and the crash tests call it. Reading and
/// expanding happened before (`Specification`, `DesiredResources`); all that is not a value is given: the ways to the
/// hosts, where runs are kept, and time. `connecting` gives the real ones.
package struct Reconciler: Sendable {
  package let site: Site
  package let specification: Specification
  package let cluster: Cluster
  /// The resources that the description asks for.
  package let wanted: DesiredResources
  package let hosts: [HostID: any ManagedHost]
  package let secrets: any SecretStore
  /// The journal of runs' steps, for runs that are killed.
  package let journal: any RunJournal
  package let processes: ProcessTable
  /// The record of runs.
  package let history: any RunHistory
  /// Where the record is kept besides. Nil: nowhere.
  package let copies: HistoryCopies?
  /// Who asks: `user@machine`.
  package let by: String
  /// Measures waits and deadlines; nobody sets it.
  package let clock: any Clock<Duration>
  /// The time of day, in seconds since 1970.
  package let now: @Sendable () -> Int

  package init(
    site: Site, specification: Specification, cluster: Cluster, wanted: DesiredResources? = nil,
    hosts: [HostID: any ManagedHost], secrets: any SecretStore, journal: any RunJournal, processes: ProcessTable,
    history: any RunHistory, copies: HistoryCopies? = nil, by: String,
    clock: any Clock<Duration>, now: @escaping @Sendable () -> Int
  ) {
    self.site = site
    self.specification = specification
    self.cluster = cluster
    self.wanted = wanted ?? .asked(by: cluster, specification.files)
    self.hosts = hosts
    self.secrets = secrets
    self.journal = journal
    self.processes = processes
    self.history = history
    self.copies = copies
    self.by = by
    self.clock = clock
    self.now = now
  }

  /// One run, from the words in git to the record in git. Everything else is detail of these lines.
  ///
  /// Nothing is done that was not shown: between the question and the lease others may have been at work. So under the
  /// lease everything is looked at once more, with what the record lists by then, and what is new is refused. The lease
  /// is held until the run is recorded, so that whoever comes next finds it in the record.
  /// - Parameter ask: shows a proposal, and says whether it is agreed to. Nothing is held while it takes its time.
  package func converge(
    _ request: RunRequest, consent ask: @escaping Asking, events: @escaping Telling
  ) async throws(ReconcileError) -> Convergence {
    try refuseAnotherSite(request)
    try await settle(events)
    let known = try await catchUp(events)
    let before = try await observe(request)
    let proposal = try plan(request, before)
    if let idle = try await standstill(proposal) { return idle }
    guard let consent = try await agree(to: proposal, ask) else { return .declined(proposal) }
    return try await holdingLease(request, events) { lease async throws(ReconcileError) in
      try await catchUp(since: known, lease, events)
      let now = try await observe(request)
      let agreed = try plan(request, now, within: consent)
      if let idle = try await standstill(agreed) { return idle }
      try await recordInterrupted(agreed)
      var rounds = Rounds(request, agreed, under: lease)
      repeat {
        try await execute(&rounds, lease, events)
        await lookAgain(&rounds, events)
      } while rounds.goOn(within: consent)
      var applied = try await record(rounds)
      applied.copies = await distribute()
      return .applied(applied)
    }
  }
}
