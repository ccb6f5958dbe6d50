// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension SymbolicLinkKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, .file(path: desired.path, contents: true))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    switch try answers.file(id.onlyHost, desired.path) {
    case .absent, nil: nil
    case .link(let target): .link(target: target)
    case .file: .file
    case .other(let what): .other(what)
    }
  }
}
