// SPDX-License-Identifier: Apache-2.0

/// `/etc/hosts` of a head: a part of ours at its beginning, and an administrator's own lines below: see hosts(5).
///
/// The first line with a name wins, and with `multi on` of host.conf(5) all do. So a line of somebody else's loses the
/// names that ours has, such as the installer's `127.0.1.1 head1`; its other names, and all other lines, stay.
package enum HostsFile {
  static let begin = "# Written by cluster down to its end; changes made here are undone. Lines below are yours."
  static let end = "# Written by cluster: end."
  /// How the whole file began when all of it was ours.
  private static let whole = "# Written by cluster; changes made here are undone."

  /// Our part, from its entries.
  static func part(_ entries: [String]) -> String { ([begin] + entries + [end]).joined(separator: "\n") + "\n" }

  /// The file as it is to be: our part, and what else is there.
  package static func merged(_ ours: String, into text: String) -> String {
    let names = Set(ours.split(separator: "\n").flatMap(Self.names))
    let lines = foreign(text).compactMap { line in without(names, line) }
    let kept = lines.drop { $0.allSatisfy(\.isWhitespace) }
    let last = kept.lastIndex { !$0.allSatisfy(\.isWhitespace) }
    guard let last else { return ours }
    return ours + kept[...last].joined(separator: "\n") + "\n"
  }

  /// Our part of a file, with its end. Nil: there is none.
  package static func part(of text: String) -> Substring? {
    text.firstRange(of: end + "\n").map { text[..<$0.upperBound] }
  }

  /// The lines that are not ours. A part whose end is missing ends with the file: its lines cannot be told from others.
  private static func foreign(_ text: String) -> [Substring] {
    var lines: [Substring] = []
    var isOurs = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == end {
        isOurs = false
      } else if line == begin || line == whole {
        isOurs = true
      } else if !isOurs {
        lines.append(line)
      }
    }
    return lines
  }

  private static func names(_ line: Substring) -> [Substring] {
    Array(line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).dropFirst())
  }

  /// The line without our names. Nil: nothing is left of it.
  private static func without(_ ours: Set<Substring>, _ line: Substring) -> String? {
    let names = names(line)
    let others = names.filter { !ours.contains($0) }
    if others.count == names.count { return String(line) }
    guard !others.isEmpty, let address = line.split(whereSeparator: \.isWhitespace).first else { return nil }
    let comment = line.drop { $0 != "#" }
    return ([address] + others + (comment.isEmpty ? [] : [comment])).joined(separator: " ")
  }
}
