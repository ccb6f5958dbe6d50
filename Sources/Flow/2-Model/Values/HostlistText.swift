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
