// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension NodesKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.heads.map { Question($0, NodeReportsProbe()) }
  }

  /// Reports go to whichever head holds the address, so the newest of all heads counts.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var reports: [MACAddress: NodeReport] = [:]
    var unknown: Unreadable?
    var heard = false
    for head in desired.heads {
      do throws(Unreadable) {
        guard let found = try answers.answer(head, NodeReportsProbe()) else { continue }
        heard = true
        for report in found { reports[report.mac] = reports[report.mac]?.joined(with: report) ?? report }
      } catch {
        unknown = unknown ?? error
      }
    }
    if !heard, let unknown { throw unknown }
    return Actual(reports: reports)
  }
}
