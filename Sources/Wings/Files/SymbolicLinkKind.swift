// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// One symbolic link of ours.
///
/// - The target is compared as text: one that leads to the same place by another way is written anew.
/// - What somebody else put at the path, a file or a link, is kept once as a backup by the operation.
/// - Removal puts the backup back.
package enum SymbolicLinkKind: ResourceKind {
  package static let name = "symlink"
  package static let removalRank = 20
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    package var path: String
    /// A file, which has to be there before.
    package var target: String

    package init(path: String, target: String) {
      self.path = path
      self.target = target
    }
  }

  package enum Actual: Hashable, Sendable {
    case link(target: String)
    case file
    case other(String)
  }

  package static func id(on host: HostID, _ path: String) -> ResourceID { ResourceID(name, on: host, path) }
}

extension Resource {
  package static func symbolicLink(
    on host: HostID, _ path: String, to target: String, because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      SymbolicLinkKind.id(on: host, path), SymbolicLinkKind.Desired(path: path, target: target), because: because,
      source: source, after: after)
  }
}

extension SymbolicLinkKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, FileProbe(desired.path))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    switch try answers.answer(id.onlyHost, FileProbe(desired.path)) {
    case .absent, nil: nil
    case .link(let target): .link(target: target)
    case .file: .file
    case .other(let what): .other(what)
    }
  }
}

extension SymbolicLinkKind {
  package static func claims(_ id: ResourceID, _ desired: Desired) -> [Claim]? {
    EnsureSymbolicLink(path: desired.path, destination: desired.target).claims(on: id.onlyHost)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let (path, target) = (desired.path, desired.target)
    if actual == .link(target: target) { return [] }
    return [
      StepDraft(
        "link", on: id.onlyHost, EnsureSymbolicLink(path: path, destination: target),
        because: reason(path, actual), changes: ["\(before(actual))-> \(target)"])
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    let path = previous.path
    return [
      StepDraft(
        "remove", on: id.onlyHost, EnsureFileAbsent(path: path), because: "nothing in the spec asks for \(path) now",
        changes: ["- \(path)"])
    ]
  }

  private static func reason(_ path: String, _ actual: Actual?) -> String {
    switch actual {
    case nil: "\(path) does not exist"
    case .link(let target): "\(path) is a link to \(target)"
    case .file: "\(path) is a file"
    case .other(let what): "\(path) is a \(what)"
    }
  }

  private static func before(_ actual: Actual?) -> String {
    if case .link(let target) = actual { "\(target) " } else { "" }
  }
}
