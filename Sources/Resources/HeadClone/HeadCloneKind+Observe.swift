// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension HeadCloneKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [
      Question(desired.primary, .clone(head: desired.goal.head)),
      Question(desired.primary, .power(desired.goal.bmc)),
      // Whether it answers at all.
      Question(desired.goal.head, .system),
    ]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    let head = desired.goal.head
    if answers.isReachable(head) { return .running }
    guard case .clone(let record?) = try answers.answer(desired.primary, .clone(head: head)) else { return nil }
    if answers.isBlank(head) { return .left }
    guard case .power(let power) = try answers.answer(desired.primary, .power(desired.goal.bmc)) else { return nil }
    if power == .off { return .off }
    throw .unreachable(
      head,
      AgentError(
        .unreachable,
        "\(head) is switched on but does not answer; it was installed from capture \(record.capture.prefix(12))",
        next: "Look at its console and its links. To install it anew, remove /var/lib/cluster/clones/\(head).json on "
          + "\(desired.primary)."))
  }
}
