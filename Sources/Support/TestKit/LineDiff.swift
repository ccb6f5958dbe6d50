// SPDX-License-Identifier: Apache-2.0

/// The lines that differ between two texts, with two lines of context: `-` only in `old`, `+` only in `new`.
package func lineDiff(_ old: String, _ new: String) -> String {
  let a = old.split(separator: "\n", omittingEmptySubsequences: false)
  let b = new.split(separator: "\n", omittingEmptySubsequences: false)
  var removed: Set<Int> = []
  var inserted: Set<Int> = []
  for change in b.difference(from: a) {
    switch change {
    case .remove(let offset, _, _): removed.insert(offset)
    case .insert(let offset, _, _): inserted.insert(offset)
    }
  }

  var marked: [(changed: Bool, text: String)] = []
  var (i, j) = (0, 0)
  while i < a.count || j < b.count {
    if i < a.count, removed.contains(i) {
      marked.append((true, "- \(a[i])"))
      i += 1
    } else if j < b.count, inserted.contains(j) {
      marked.append((true, "+ \(b[j])"))
      j += 1
    } else {
      marked.append((false, "  \(a[i])"))
      (i, j) = (i + 1, j + 1)
    }
  }
  return withContext(marked)
}

private func withContext(_ lines: [(changed: Bool, text: String)]) -> String {
  let context = 2
  let changes = lines.indices.filter { lines[$0].changed }
  let shown = Set(changes.flatMap { max(0, $0 - context)...min(lines.count - 1, $0 + context) })
  var text = ""
  var previous = -1
  for index in shown.sorted() {
    if index != previous + 1 { text += "  ...\n" }
    text += lines[index].text + "\n"
    previous = index
  }
  return text
}
