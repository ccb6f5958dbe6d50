// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension NodesKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.heads.map { Question($0, .nodeReports) }
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
        guard case .nodeReports(let found) = try answers.answer(head, .nodeReports) else { continue }
        heard = true
        for report in found { reports[report.mac] = newer(reports[report.mac], report) }
      } catch {
        unknown = unknown ?? error
      }
    }
    if !heard, let unknown { throw unknown }
    return Actual(reports: reports)
  }

  private static func newer(_ a: NodeReport?, _ b: NodeReport) -> NodeReport {
    guard let a, a.age <= b.age else { return b }
    return a
  }
}
