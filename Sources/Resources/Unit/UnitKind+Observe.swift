// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension UnitKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, .unit(name: desired.unit.name, configuration: desired.unit.configuration))]
  }

  /// A unit whose package is not installed yet is absent.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.unit(id.onlyHost, desired.unit), state.exists || state.masked else { return nil }
    return state
  }
}
