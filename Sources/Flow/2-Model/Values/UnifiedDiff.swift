// SPDX-License-Identifier: Apache-2.0

/// The differences between two texts, as diff(1) `-u` writes them, without the two file names.
package enum UnifiedDiff {
  /// More edits than this are shown as one replacement: nobody reads such a diff, and its cost stays bounded.
  private static let mostEdits = 400

  /// Hunks with `context` unchanged lines around each change. Empty when the texts are the same.
  package static func lines(old: String, new: String, context: Int = 3) -> [String] {
    if old == new { return [] }
    // A new file is the most common difference, and needs no comparing.
    if old.isEmpty { return added(new) }
    let (a, b) = (split(old), split(new))
    let edits = edits(from: a, to: b)
    var output: [String] = []
    for hunk in hunks(edits, context: context) { append(edits[hunk], a, b, to: &output) }
    return output
  }

  private enum Edit {
    case keep(Int, Int)
    case delete(Int, Int)
    case insert(Int, Int)

    var isChange: Bool { if case .keep = self { false } else { true } }
    /// Lines of the old and the new text that come before it.
    var position: (old: Int, new: Int) {
      switch self {
      case .keep(let i, let j), .delete(let i, let j), .insert(let i, let j): (i, j)
      }
    }
  }

  /// Lines; the last one says so when no newline ends it, so that this difference is seen as one.
  private static func split(_ text: String) -> [String] {
    if text.isEmpty { return [] }
    // By bytes: a newline is one in whatever characters it stands, and looking for characters costs ten times as much.
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
      String(Substring($0))
    }
    if lines.last?.isEmpty == true {
      lines.removeLast()
    } else {
      lines[lines.count - 1] += "\n\\ No newline at end of file"
    }
    return lines
  }

  /// Each line as it is shown, made at once: a first plan shows all files of all heads.
  private static func added(_ text: String) -> [String] {
    var text = text
    return text.withUTF8 { bytes in
      var (lines, start) = ([""], 0)
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        lines.append(
          String(unsafeUninitializedCapacity: end - start + 1) { line in
            line[0] = UInt8(ascii: "+")
            _ = line[1...].update(fromContentsOf: bytes[start..<end])
            return end - start + 1
          })
        start = end + 1
      }
      lines[0] = "@@ -0,0 +1,\(lines.count - 1) @@"
      if bytes.last != UInt8(ascii: "\n") { lines.append("\\ No newline at end of file") }
      return lines
    }
  }

  /// The last line of a text may hold the note that no newline ends it, which is a line of its own.
  private static func shown(_ line: String) -> [String] {
    line.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { String(Substring($0)) }
  }

  private static func edits(from a: [String], to b: [String]) -> [Edit] {
    var start = 0
    while start < min(a.count, b.count), a[start] == b[start] { start += 1 }
    var tail = 0
    while tail < min(a.count, b.count) - start, a[a.count - 1 - tail] == b[b.count - 1 - tail] { tail += 1 }
    let (aEnd, bEnd) = (a.count - tail, b.count - tail)
    let matches = matches(numbered(a[start..<aEnd], b[start..<bEnd])).map { ($0 + start, $1 + start) }
    var result: [Edit] = []
    var (i, j) = (0, 0)
    let all = (0..<start).map { ($0, $0) } + matches + (0..<tail).map { (aEnd + $0, bEnd + $0) }
    for (nextI, nextJ) in all + [(a.count, b.count)] {
      while i < nextI { result.append(.delete(i, j)); i += 1 }
      while j < nextJ { result.append(.insert(i, j)); j += 1 }
      if i < a.count, j < b.count { result.append(.keep(i, j)); i += 1; j += 1 }
    }
    return result
  }

  /// Each distinct line as a number, so that comparing is cheap.
  private static func numbered(_ a: ArraySlice<String>, _ b: ArraySlice<String>) -> ([Int], [Int]) {
    var numbers: [String: Int] = [:]
    func number(_ line: String) -> Int {
      if let known = numbers[line] { return known }
      numbers[line] = numbers.count
      return numbers.count - 1
    }
    return (a.map(number), b.map(number))
  }

  /// Pairs of equal lines on a shortest edit path (Myers 1986, O(ND)), or none when the path is too long.
  private static func matches(_ lines: ([Int], [Int])) -> [(Int, Int)] {
    let (a, b) = lines
    if a.isEmpty || b.isEmpty { return [] }
    let most = min(a.count + b.count, mostEdits)
    var furthest = [Int](repeating: 0, count: 2 * most + 3)
    let origin = most + 1
    var rounds: [[Int]] = []
    for d in 0...most {
      rounds.append(furthest)
      for k in stride(from: -d, through: d, by: 2) {
        let down = k == -d || (k != d && furthest[origin + k - 1] < furthest[origin + k + 1])
        var x = down ? furthest[origin + k + 1] : furthest[origin + k - 1] + 1
        while x < a.count, x - k < b.count, a[x] == b[x - k] { x += 1 }
        furthest[origin + k] = x
        if x >= a.count, x - k >= b.count { return path(rounds, origin, a.count, b.count) }
      }
    }
    return []
  }

  private static func path(_ rounds: [[Int]], _ origin: Int, _ aCount: Int, _ bCount: Int) -> [(Int, Int)] {
    var pairs: [(Int, Int)] = []
    var (x, y) = (aCount, bCount)
    for d in stride(from: rounds.count - 1, through: 0, by: -1) {
      let (before, k) = (rounds[d], x - y)
      let down = k == -d || (k != d && before[origin + k - 1] < before[origin + k + 1])
      let fromK = down ? k + 1 : k - 1
      let fromX = d == 0 ? 0 : before[origin + fromK]
      let fromY = d == 0 ? 0 : fromX - fromK
      while x > fromX, y > fromY, x > 0, y > 0 {
        x -= 1
        y -= 1
        pairs.append((x, y))
      }
      (x, y) = (fromX, fromY)
    }
    return pairs.reversed()
  }

  /// Ranges of edits: each change with its context; neighbours whose contexts touch are one.
  private static func hunks(_ edits: [Edit], context: Int) -> [Range<Int>] {
    var hunks: [Range<Int>] = []
    for (index, edit) in edits.enumerated() where edit.isChange {
      let range = max(0, index - context)..<min(edits.count, index + context + 1)
      if let last = hunks.last, range.lowerBound <= last.upperBound {
        hunks[hunks.count - 1] = last.lowerBound..<range.upperBound
      } else {
        hunks.append(range)
      }
    }
    return hunks
  }

  private static func append(_ edits: ArraySlice<Edit>, _ a: [String], _ b: [String], to output: inout [String]) {
    guard let first = edits.first else { return }
    var body: [String] = []
    var (oldCount, newCount) = (0, 0)
    for edit in edits {
      switch edit {
      case .keep(let i, _):
        body.append(" " + a[i])
        oldCount += 1
        newCount += 1
      case .delete(let i, _):
        body.append("-" + a[i])
        oldCount += 1
      case .insert(_, let j):
        body.append("+" + b[j])
        newCount += 1
      }
    }
    // An empty side is numbered by the line before it (POSIX diff).
    let (old, new) = (first.position.old + (oldCount > 0 ? 1 : 0), first.position.new + (newCount > 0 ? 1 : 0))
    output.append("@@ -\(old),\(oldCount) +\(new),\(newCount) @@")
    for line in body { output += shown(line) }
  }
}
