// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import ClusterModel

struct BlameCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blame",
    abstract: "Show which run last changed a resource or node, who started it, and the line that asks for it.",
    discussion: """
      cluster blame file@head1:/etc/hosts      one resource
      cluster blame 'file@head[1-2]:/etc/*'    several; * matches any text
      cluster blame 'node[01-20]'              nodes, or everything on a head
      """)

  @OptionGroup var record: RecordOptions

  @Argument(help: "Resources as plans name them, or machines as a hostlist.")
  var resources: String

  func run() async throws {
    try await Failure.telling {
      let blame = try record.repository().blame(resources, site: try record.site())
      try record.print(blame) { BlameText(blame).text }
    }
  }
}

/// The output of `cluster blame`. Resources with the same history share a paragraph, and machines with the same history
/// are one hostlist.
struct BlameText {
  private let blames: [Blame]

  init(_ blames: [Blame]) { self.blames = blames }

  var text: String { groups(of: blames, by: Origin.init).map(Self.paragraph).joined(separator: "\n\n") }

  /// Where a resource comes from.
  private struct Origin: Hashable {
    var runs: [String?]
    var source: String?

    init(_ blame: Blame) {
      runs = [blame.introduced.id, blame.changed.id, blame.removed?.id]
      source = blame.source
    }
  }

  private static func paragraph(_ blames: [Blame]) -> String {
    let first = blames[0]
    var lines = folded(blames.map(\.resource)).map { $0 + (first.isManaged ? "" : "  (no longer managed)") }
    var table = Table()
    func add(_ what: String, _ run: RunRecord) {
      table.add(what, run.id, run.time, run.by, "spec \(run.shortSpec)")
    }
    add("introduced", first.introduced)
    add("changed", first.changed)
    if let removed = first.removed { add("removed", removed) }
    lines += table.lines()
    lines.append("  asked for at \(first.source ?? "a place that the run's plan does not name")")
    return (lines + seen(blames)).joined(separator: "\n")
  }

  /// One fact about one thing.
  private struct Seen {
    var thing: String
    var file: String
    /// The fact without the thing's name.
    var rest: String
    var since: RunRecord
  }

  private static func seen(_ blames: [Blame]) -> [String] {
    let facts = blames.flatMap { blame in
      blame.observed.map { fact in
        let parts = fact.fact.split(separator: " ", maxSplits: 1).map(String.init)
        return Seen(
          thing: parts.first ?? "", file: fact.file, rest: parts.count > 1 ? " " + parts[1] : "", since: fact.since)
      }
    }
    return groups(of: facts) { $0.since.id }.flatMap { facts in
      ["  seen since \(facts[0].since.id), \(facts[0].since.time):"]
        + groups(of: facts) { [$0.file, $0.rest] }.flatMap { same in
          folded(same.map(\.thing)).map { "    \(same[0].file)  \($0)\(same[0].rest)" }
        }
    }
  }

  /// `file@head1:/a` and `file@head2:/a` as `file@head[1-2]:/a`; nodes as one hostlist.
  private static func folded(_ names: [String]) -> [String] {
    groups(of: names) { (name: String) -> [String] in
      if name.hasPrefix("/") { return [name] }
      guard let colon = name.firstIndex(of: ":") else { return [] }
      let words = name[..<colon].split(separator: "@").map(String.init)
      return words.count == 2 ? [words[0], String(name[colon...])] : [name]
    }.map { same in
      guard same.count > 1, !same[0].hasPrefix("/") else { return same[0] }
      guard let colon = same[0].firstIndex(of: ":") else { return HostlistText.fold(same.map { HostID($0) }) }
      let hosts = same.compactMap { name in
        name.prefix { $0 != ":" }.split(separator: "@").dropFirst().first.map { HostID(String($0)) }
      }
      return "\(same[0].prefix { $0 != "@" })@\(HostlistText.fold(hosts))\(same[0][colon...])"
    }
  }
}

/// Values with the same key together, in the order in which the keys first come.
private func groups<Value, Key: Hashable>(of values: [Value], by key: (Value) -> Key) -> [[Value]] {
  var places: [Key: Int] = [:]
  var groups: [[Value]] = []
  for value in values {
    let key = key(value)
    if let place = places[key] {
      groups[place].append(value)
    } else {
      places[key] = groups.count
      groups.append([value])
    }
  }
  return groups
}
