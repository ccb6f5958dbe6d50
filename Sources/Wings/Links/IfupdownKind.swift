// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The handover of described interfaces from ifupdown, which Debian's installer leaves in charge of them.
///
/// With two in charge of one interface it has two addresses after the next boot: the one that the installer gave it,
/// and the described one. So its stanzas in `/etc/network/interfaces` become comments; those of other interfaces stay.
/// What was there is kept, put back when nothing asks for the handover any more, and by the host itself when the
/// change that follows cuts it off.
package enum IfupdownKind: ResourceKind {
  package static let name = "ifupdown"
  package static let removalRank = 26
  package static let travelsWithDisk = false

  package struct Desired: DesiredState {
    /// The interfaces that systemd-networkd has.
    package var interfaces: [String]

    package init(_ interfaces: [String]) { self.interfaces = interfaces }
  }

  /// Everything that `/etc/network/interfaces` says.
  package typealias Actual = String

  package static let path = "/etc/network/interfaces"

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "interfaces") }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, FileProbe(path))]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    guard case .file(let facts) = try answers.answer(id.onlyHost, FileProbe(path)) else { return nil }
    if let text = facts.contents { return text }
    throw .failed(
      id.onlyHost,
      AgentError(.invalid, "\(path) is too large, or no text", next: "Take what it says of our interfaces out of it."))
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard let actual else { return [] }
    let (text, taken) = InterfacesFile.without(desired.interfaces, actual)
    if taken.isEmpty { return [] }
    return [
      StepDraft(
        "hand-over", on: id.onlyHost, EnsureFile(FileGoal(path: path, contents: .text(text))),
        because: "ifupdown has \(taken.joined(separator: ", ")) too, and would configure it at the next boot",
        changes: UnifiedDiff.lines(old: actual, new: text))
    ]
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    guard actual.contains(InterfacesFile.mark) else { return [] }
    return [
      StepDraft(
        "give-back", on: id.onlyHost, EnsureFileAbsent(path: path),
        because: "nothing in the spec asks for these interfaces now", changes: ["- \(path), as it is now"])
    ]
  }
}

extension Resource {
  package static func ifupdown(on host: HostID, without interfaces: [String], source: SourceSpan) -> Resource {
    Resource(
      IfupdownKind.id(on: host), IfupdownKind.Desired(interfaces), because: "systemd-networkd has these interfaces",
      source: source)
  }
}

/// `/etc/network/interfaces` in the form of interfaces(5).
package enum InterfacesFile {
  /// In front of each line that ifupdown is not to read any more.
  static let mark = "#cluster: "
  private static let stanzas: Set = ["iface", "mapping", "auto", "source", "source-directory", "no-scripts", "rename"]

  /// The text in which nothing speaks of some interfaces any more, and the ones of them that something spoke of.
  package static func without(_ interfaces: [String], _ text: String) -> (text: String, taken: [String]) {
    let ours = Set(interfaces)
    var taken: Set<String> = []
    var isTaken = false
    var goesOn = false
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      defer { goesOn = line.hasSuffix("\\") }
      if goesOn { return isTaken ? mark + line : String(line) }
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { return String(line) }
      guard stanzas.contains(first) || first.hasPrefix("allow-") else { return isTaken ? mark + line : String(line) }
      isTaken = false
      if first == "iface", words.count > 1, ours.contains(base(words[1])) {
        taken.insert(base(words[1]))
        isTaken = true
        return mark + line
      }
      guard first == "auto" || first.hasPrefix("allow-") else { return String(line) }
      let named = words.dropFirst().filter { ours.contains(base($0)) }
      if named.isEmpty { return String(line) }
      taken.formUnion(named.map(base))
      let rest = words.filter { !named.contains($0) }
      return rest.count > 1 ? rest.joined(separator: " ") : mark + line
    }
    return (lines.joined(separator: "\n"), taken.sorted())
  }

  /// Without the label of a second address: `eth0` of `eth0:1`.
  private static func base(_ name: String) -> String { String(name.prefix { $0 != ":" && $0 != "=" }) }
}
