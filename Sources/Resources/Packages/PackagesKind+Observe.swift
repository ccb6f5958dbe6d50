// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension PackagesKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, .packages(desired.names))]
  }

  /// A host without any of them has none, so the set is absent.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let installed = try answers.packages(id.onlyHost, desired.names), !installed.isEmpty else { return nil }
    return Actual(installed: installed)
  }
}
