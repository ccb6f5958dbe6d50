// SPDX-License-Identifier: Apache-2.0
/// The candidate that was probably meant: at most a third of its letters differ. Nil when none is close, or two are.
package func closest(to text: String, among candidates: [String]) -> String? {
  let typed = Array(text.lowercased().unicodeScalars)
  guard !typed.isEmpty, typed.count <= 64 else { return nil }
  var best: (name: String, distance: Int)?
  var tied = false
  for candidate in candidates {
    let name = Array(candidate.lowercased().unicodeScalars)
    guard name.count <= 64 else { continue }
    // A word cut short counts as close: `clone` for `clone_of`.
    let isPrefix = typed.count >= 3 && (name.starts(with: typed) || name.count >= 3 && typed.starts(with: name))
    let distance = isPrefix ? 1 : editDistance(typed, name)
    guard distance <= max(1, max(name.count, typed.count) / 3) else { continue }
    if let current = best, current.distance <= distance {
      if current.distance == distance { tied = true }
    } else {
      best = (candidate, distance)
      tied = false
    }
  }
  return tied ? nil : best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  var rows = [Array(0...b.count)]
  for i in 1...a.count {
    var row = [i] + Array(repeating: 0, count: b.count)
    for j in 1...b.count {
      let cost = a[i - 1] == b[j - 1] ? 0 : 1
      row[j] = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + cost)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], rows[i - 2][j - 2] + 1) }
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}

/// A few of the candidates that could have been meant: the closest one, else those that contain the text.
package func nearest(to text: String, among candidates: [String]) -> [String] {
  if let one = closest(to: text, among: candidates) { return [one] }
  let wanted = text.lowercased()
  return Array(candidates.lazy.filter { $0.lowercased().contains(wanted) }.prefix(3))
}

extension Diagnostic.FixIt {
  package static func suggestion(_ name: String, at span: SourceSpan) -> Self {
    Self(label: "did you mean `\(name)`?", span: span, replacement: name, isCertain: false)
  }
}
