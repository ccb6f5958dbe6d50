// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension HostnameKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] { [Question(id.onlyHost, .system)] }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    try answers.system(id.onlyHost).map { Actual(hostname: $0.hostname) }
  }
}
