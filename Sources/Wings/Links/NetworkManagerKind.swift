// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The handover of described interfaces from NetworkManager, where it is installed: NetworkManager.conf(5).
///
/// It reads the file when it starts, at the next boot. Until then it goes on with what it has set: told to let an
/// interface go at once, it would take the addresses off, over which the host is reached.
package enum NetworkManagerKind: ResourceKind {
  package static let name = "network-manager"
  package static let removalRank = 26

  package struct Desired: DesiredState {
    /// The interfaces that systemd-networkd has.
    package var interfaces: [String]

    package init(_ interfaces: [String]) { self.interfaces = interfaces }
  }

  package struct Actual: Hashable, Sendable {
    package var isInstalled: Bool
    /// The text of our file. Nil: it is not there.
    package var text: String?
  }

  package static let path = "/etc/NetworkManager/conf.d/90-cluster.conf"
  private static let unit = UnitProbe("NetworkManager.service", configuration: [])

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "interfaces") }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, unit), Question(id.onlyHost, FileProbe(path))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard let unit = try answers.answer(id.onlyHost, unit), let file = try answers.answer(id.onlyHost, FileProbe(path))
    else { return nil }
    var text: String?
    if case .file(let facts) = file { text = facts.contents ?? "" }
    return Actual(isInstalled: unit.exists, text: text)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let text = contents(desired.interfaces)
    guard let actual, actual.isInstalled, actual.text != text else { return [] }
    return [
      StepDraft(
        "hand-over", on: id.onlyHost, EnsureFile(FileGoal(path: path, contents: .text(text))),
        because: "NetworkManager would configure \(desired.interfaces.joined(separator: ", ")) too at the next boot",
        changes: UnifiedDiff.lines(old: actual.text ?? "", new: text))
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    guard actual.text != nil else { return [] }
    return [
      StepDraft(
        "give-back", on: id.onlyHost, EnsureFileAbsent(path: path),
        because: "nothing in the spec asks for these interfaces now", changes: ["- \(path)"])
    ]
  }

  static func contents(_ interfaces: [String]) -> String {
    let devices = interfaces.map { "interface-name:\($0)" }.joined(separator: ";")
    return """
      # Written by cluster; changes made here are undone.
      [main]
      # /etc/resolv.conf is written by cluster.
      dns=none
      [keyfile]
      unmanaged-devices+=\(devices)

      """
  }
}

extension Resource {
  package static func networkManager(on host: HostID, without interfaces: [String], source: SourceSpan) -> Resource {
    Resource(
      NetworkManagerKind.id(on: host), NetworkManagerKind.Desired(interfaces),
      because: "systemd-networkd has these interfaces", source: source)
  }
}
