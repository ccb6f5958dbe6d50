// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Observation
import Wings

extension Reconciler {
  /// The machines as they are now, and the last run of this site.
  package func status() async throws(ReconcileError) -> StatusReport {
    var questions: [HostID: [Probe]] = [:]
    for question in Set(StatusReport.questions(cluster) + HighAvailabilityStatus.questions(cluster)) {
      questions[question.host, default: []].append(question.probe)
    }
    let inventory = await observe(questions, on: clock)
    var report = StatusReport.assemble(cluster, inventory, site: site.id, lastRun: try lastRun())
    report.leases = await leases(of: report.heads.filter(\.online).map { HostID($0.name) })
    return report
  }

  /// Of heads that have just answered; one that is silent now shows no lease.
  private func leases(of heads: [HostID]) async -> [StatusReport.Lease] {
    var leases: [StatusReport.Lease] = []
    for head in heads {
      guard let state = try? await hosts[head]?.lease(), let token = state.holder else { continue }
      leases.append(
        StatusReport.Lease(
          head: head.name, run: token.run, holder: token.holder, seconds: state.heldSeconds,
          secondsLeft: state.secondsLeft, unconfirmed: state.pending?.what))
    }
    return leases
  }

  private func observe(_ questions: [HostID: [Probe]], on clock: some Clock<Duration>) async -> Inventory {
    await Observer(secrets: secrets, deadline: .seconds(20), clock: clock, now: now).observe(questions, hosts: hosts)
  }

  private func lastRun() throws(ReconcileError) -> StatusReport.LastRun? {
    do {
      return try history.log(site: site.id, limit: 1).first.map {
        StatusReport.LastRun(id: $0.id, result: $0.result, commit: $0.commit, at: $0.at)
      }
    } catch { throw .audit(error) }
  }
}
