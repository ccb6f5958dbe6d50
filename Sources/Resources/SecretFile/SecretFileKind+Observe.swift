// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension SecretFileKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, .secretFile(path: desired.file.path, secret: desired.file.secret))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    switch try answers.secretFile(id.onlyHost, desired.file.path, desired.file.secret) {
    case .absent, nil: nil
    case .matches: .matches
    case .differs: .differs
    }
  }
}
