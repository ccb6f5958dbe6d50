// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The handover of described interfaces from ifupdown, which Debian's installer leaves in charge of them.
///
/// With two in charge of one interface it has two addresses after the next boot: the one that the installer gave it,
/// and the described one. So its stanzas become comments, in `/etc/network/interfaces` and in every file that this one
/// reads by `source` and `source-directory`; those of other interfaces stay.
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

  /// The text of each file that ifupdown reads, by path.
  package typealias Actual = [String: String]

  package static let path = "/etc/network/interfaces"

  package static func id(on host: HostID) -> ResourceID { ResourceID(name, on: host, "interfaces") }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    [Question(id.onlyHost, IfupdownProbe())]
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    try answers.answer(id.onlyHost, IfupdownProbe()) ?? nil
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    (actual ?? [:]).sorted { $0.key < $1.key }.compactMap { file, actual in
      let (text, taken) = InterfacesFile.without(desired.interfaces, actual)
      if taken.isEmpty { return nil }
      return StepDraft(
        verb("hand-over", file), on: id.onlyHost, EnsureFile(FileGoal(path: file, contents: .text(text))),
        because: "ifupdown has \(taken.joined(separator: ", ")) too, and would configure it at the next boot",
        changes: UnifiedDiff.lines(old: actual, new: text))
    }
  }

  /// A file beside the first one has its own name in the ids of its steps.
  private static func verb(_ verb: String, _ file: String) -> String {
    file == path ? verb : "\(verb)-\(file.split(separator: "/").last ?? "")"
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    actual.filter { $0.value.contains(InterfacesFile.mark) }.keys.sorted().map { file in
      StepDraft(
        verb("give-back", file), on: id.onlyHost, EnsureFileAbsent(path: file),
        because: "nothing in the spec asks for these interfaces now", changes: ["- \(file), as it is now"])
    }
  }
}

/// Every file that ifupdown reads, with its text, by path. Nil: there is no `/etc/network/interfaces`.
package struct IfupdownProbe: Probe {
  package typealias Answer = [String: String]?

  package static let name = "ifupdown"

  package init() {}

  package var words: String { "files of ifupdown" }
  package var secrets: ProbeSecrets { .none }

  /// Their contents may hold passwords of wireless networks.
  package func recorded(_ files: [String: String]?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("ifupdown", explained(files, nodes))]
  }

  package func explained(_ files: [String: String]?, _ nodes: NodeNames) -> [String] {
    (files ?? [:]).map { "\($0.key) \(SHA256.hex($0.value).prefix(16))" }.sorted()
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

  /// The files that a file has ifupdown read too: patterns of glob(7), and folders.
  package static func sources(_ text: String) -> (patterns: [String], folders: [String]) {
    var (patterns, folders): ([String], [String]) = ([], [])
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.count > 1 else { continue }
      // From the folder of the first file: interfaces(5).
      let path = words[1].hasPrefix("/") ? words[1] : "/etc/network/\(words[1])"
      if words[0] == "source" { patterns.append(path) }
      if words[0] == "source-directory" { folders.append(path) }
    }
    return (patterns, folders)
  }

  /// Whether a file of a folder is read: interfaces(5), source-directory.
  package static func isRead(_ name: String) -> Bool {
    !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
  }

  /// Without the label of a second address: `eth0` of `eth0:1`.
  private static func base(_ name: String) -> String { String(name.prefix { $0 != ":" && $0 != "=" }) }
}
