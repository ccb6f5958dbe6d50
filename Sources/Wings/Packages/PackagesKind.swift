// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Distribution packages that are to be installed, whatever their version.
///
/// - Only what is missing makes a step.
/// - Removal takes only those that an earlier run installed; what was there before stays.
package enum PackagesKind: ResourceKind {
  package static let name = "packages"
  package static let removalRank = 30
  package static let travelsWithDisk = true

  package struct Desired: DesiredState {
    /// Sorted, so that two equal wishes are equal.
    package var names: [String]

    package init(_ names: [String]) { self.names = Set(names).sorted() }
  }

  package struct Actual: Hashable, Sendable {
    /// Versions by package.
    package var installed: [String: String]
  }

  package static func id(on host: HostID, _ set: String) -> ResourceID { ResourceID(name, on: host, set) }
}

extension Resource {
  package static func packages(
    on host: HostID, _ set: String, _ names: [String], because: String, source: SourceSpan, after: [ResourceID] = []
  ) -> Resource {
    Resource(
      PackagesKind.id(on: host, set), PackagesKind.Desired(names), because: because, source: source, after: after)
  }
}

extension PackagesKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, PackagesProbe(desired.names))]
  }

  /// A host without any of them has none, so the set is absent.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let installed = try answers.answer(id.onlyHost, PackagesProbe(desired.names)), !installed.isEmpty else {
      return nil
    }
    return Actual(installed: installed)
  }
}

extension PackagesKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    var drafts: [StepDraft] = []
    let missing = desired.names.filter { actual?.installed[$0] == nil }
    if !missing.isEmpty {
      drafts.append(
        StepDraft(
          "install", on: id.onlyHost, EnsurePackages(missing), because: "not installed: " + counted(missing),
          changes: missing.map { "+ \($0)" }))
    }
    return drafts
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    // What another set has taken over since stays.
    let names = actual.installed.keys.filter { !context.isOwned(.package(id.onlyHost, $0)) }.sorted()
    if names.isEmpty { return [] }
    return [
      StepDraft(
        "remove", on: id.onlyHost, EnsurePackagesAbsent(names),
        because: "nothing in the spec asks for \(counted(names)) now", changes: names.map { "- \($0)" })
    ]
  }

  private static func counted(_ names: [String]) -> String {
    names.count <= 3 ? names.joined(separator: ", ") : "\(names.count) packages"
  }
}

/// The installed version of each package. One that is not installed is missing from the answer.
package struct PackagesProbe: Probe {
  package typealias Answer = [String: String]

  package static let name = "packages"

  package let names: [String]

  package init(_ names: [String]) { self.names = names }

  package var words: String { "packages \(names.joined(separator: " "))" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ versions: [String: String], _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("packages", explained(versions, nodes))]
  }

  package func explained(_ versions: [String: String], _ nodes: NodeNames) -> [String] {
    names.map { "\($0) \(versions[$0] ?? "absent")" }.sorted()
  }
}
