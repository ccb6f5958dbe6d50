// SPDX-License-Identifier: Apache-2.0

/// Many names as one hostlist: node001, node002, node004 → `node[001-002,004]`.
package enum HostlistText {
  package static func fold(_ names: [HostID]) -> String {
    if names.count == 1 { return names[0].name }
    var groups: [String: [(number: Int, digits: String)]] = [:]
    var order: [String] = []
    var plain: [String] = []
    for name in Set(names).sorted() {
      let digits = String(name.name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
      guard !digits.isEmpty, digits.count <= 9, let number = Int(digits) else {
        plain.append(name.name)
        continue
      }
      // Names of different widths are different names: node1 and node01.
      let key =
        name.name.dropLast(digits.count) + "\u{0}" + (digits.first == "0" || digits.count > 1 ? "\(digits.count)" : "1")
      if groups[String(key)] == nil { order.append(String(key)) }
      groups[String(key), default: []].append((number, digits))
    }
    let folded = order.map { key in
      text(String(key.prefix { $0 != "\u{0}" }), (groups[key] ?? []).sorted { $0.number < $1.number })
    }
    return (plain + folded).sorted().joined(separator: ",")
  }

  private static func text(_ prefix: String, _ members: [(number: Int, digits: String)]) -> String {
    if members.count == 1 { return prefix + members[0].digits }
    var runs: [(first: String, last: String, end: Int)] = []
    for member in members {
      if let run = runs.last, run.end + 1 == member.number {
        runs[runs.count - 1] = (run.first, member.digits, member.number)
      } else {
        runs.append((member.digits, member.digits, member.number))
      }
    }
    let ranges = runs.map { $0.first == $0.last ? $0.first : "\($0.first)-\($0.last)" }
    return prefix + "[" + ranges.joined(separator: ",") + "]"
  }
}

extension HostlistText {
  /// `node[01-03],login1` as its names, with `*` left as it is. Nil when it is not a hostlist, or stands for too many.
  package static func expand(_ text: String, atMost most: Int = 200_000) -> [String]? {
    var names: [String] = []
    for item in items(text) {
      guard let expanded = expandItem(item[...], atMost: most - names.count) else { return nil }
      names += expanded
    }
    return names.isEmpty || names.contains("") ? nil : names
  }

  /// Cut at the commas that are not in brackets.
  private static func items(_ text: String) -> [String] {
    var (items, depth) = ([""], 0)
    for character in text {
      if character == "[" { depth += 1 }
      if character == "]" { depth -= 1 }
      if character == ",", depth == 0 { items.append("") } else { items[items.count - 1].append(character) }
    }
    return items
  }

  private static func expandItem(_ text: Substring, atMost most: Int) -> [String]? {
    guard let open = text.firstIndex(of: "[") else { return text.contains("]") ? nil : [String(text)] }
    guard let close = text[open...].firstIndex(of: "]"),
      let numbers = numbers(text[text.index(after: open)..<close], atMost: most),
      let rest = expandItem(text[text.index(after: close)...], atMost: most), numbers.count * rest.count <= most
    else { return nil }
    let prefix = text[..<open]
    return numbers.flatMap { number in rest.map { prefix + number + $0 } }
  }

  private static func numbers(_ text: Substring, atMost most: Int) -> [String]? {
    var numbers: [String] = []
    for range in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = range.split(separator: "-", omittingEmptySubsequences: false)
      guard ends.count <= 2, let first = ends.first, let last = ends.last,
        ends.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 9 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
        let low = Int(first), let high = Int(last), low <= high, high - low < most - numbers.count
      else { return nil }
      let width = first.utf8.count
      numbers += (low...high).map { number in
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
      }
    }
    return numbers
  }
}
