// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension LinkKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [
      Question(id.onlyHost, .file(path: path(desired.link.interface), contents: true)),
      Question(id.onlyHost, .links),
    ]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let state = try answers.file(id.onlyHost, path(desired.link.interface)),
      let links = try answers.links(id.onlyHost)
    else { return nil }
    let file: String? =
      switch state {
      case .absent: nil
      case .file(let facts): facts.contents ?? ""
      case .link(let target): "a link to \(target)\n"
      case .other(let what): "a \(what)\n"
      }
    return Actual(file: file, link: links.first { $0.name == desired.link.interface })
  }
}
