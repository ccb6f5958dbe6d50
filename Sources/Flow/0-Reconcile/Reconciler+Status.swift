// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Observation
import Resources

extension Reconciler {
  /// The machines as they are now, and the last run of this site.
  package func status() async throws(ReconcileError) -> StatusReport {
    var questions: [HostID: [Probe]] = [:]
    for question in Set(StatusReport.questions(cluster) + HighAvailabilityStatus.questions(cluster)) {
      questions[question.host, default: []].append(question.probe)
    }
    let inventory = await observe(questions, on: clock)
    return StatusReport.assemble(cluster, inventory, site: site.id, lastRun: try lastRun())
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
