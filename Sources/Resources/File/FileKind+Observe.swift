// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension FileKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, .file(path: desired.file.path, contents: true))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    switch try answers.file(id.onlyHost, desired.file.path) {
    case .absent, nil: nil
    case .file(let facts): .file(facts)
    case .link(let target): .link(target: target)
    case .other(let what): .other(what)
    }
  }
}
