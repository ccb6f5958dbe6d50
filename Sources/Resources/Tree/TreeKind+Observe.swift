// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension TreeKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, .tree(root: desired.tree.root))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.tree(id.onlyHost, desired.tree.root), state.exists else { return nil }
    return Actual(files: state.files)
  }
}
