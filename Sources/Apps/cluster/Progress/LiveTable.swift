// SPDX-License-Identifier: Apache-2.0

/// The escape sequences that redraw a few lines at the bottom of a terminal in place. A value: frames in, bytes out.
///
/// A frame is one write, between the marks of synchronized output, which terminals that do not know them ignore; so
/// nothing flickers. Lines above it scroll away as usual.
struct LiveTable {
  /// The lines that are on the screen now.
  private var shown: [Int] = []
  private var isHidden = false

  /// Lines to print above, and the frame below them.
  /// - Parameter columns: the terminal's width now; lines of the last frame have been wrapped to it.
  mutating func frame(above: [String], _ lines: [String], columns: Int) -> String {
    var text = "\u{1b}[?2026h" + (isHidden ? "" : "\u{1b}[?25l") + erase(columns)
    isHidden = true
    for line in above { text += line + "\n" }
    for line in lines { text += line + "\n" }
    shown = lines.map { Self.width($0) }
    return text + "\u{1b}[?2026l"
  }

  /// Takes the frame away and shows the cursor again.
  mutating func end(columns: Int) -> String {
    guard isHidden else { return "" }
    let text = erase(columns) + "\u{1b}[?25h"
    shown = []
    isHidden = false
    return text
  }

  private func erase(_ columns: Int) -> String {
    let rows = shown.map { max(1, ($0 + columns - 1) / max(1, columns)) }.reduce(0, +)
    return (rows > 0 ? "\u{1b}[\(rows)A" : "") + "\r\u{1b}[J"
  }

  /// Characters, without colours.
  private static func width(_ line: String) -> Int {
    var (count, inEscape) = (0, false)
    for character in line {
      if character == "\u{1b}" { inEscape = true } else if inEscape { inEscape = character != "m" } else { count += 1 }
    }
    return count
  }
}
