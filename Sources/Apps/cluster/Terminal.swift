// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Standard output for results, standard error for progress and problems.
enum Terminal {
  /// Colour only on a terminal, and never when NO_COLOR is set (no-color.org).
  static func colour(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  static var outputColour: Bool { colour(STDOUT_FILENO) }
  static var errorColour: Bool { colour(STDERR_FILENO) }
  static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// The size of the terminal on standard error: tty_ioctl(4), TIOCGWINSZ. 80 by 24 where it is unknown.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Whether a table can be redrawn in place on standard error.
  static var canRedraw: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  static func print(_ text: String) { control(text.visibleOnTerminal + "\n", to: STDOUT_FILENO) }
  static func note(_ text: String) { control(text.visibleOnTerminal + "\n", to: STDERR_FILENO) }
  static func noteWithoutNewline(_ text: String) { control(text.visibleOnTerminal, to: STDERR_FILENO) }
  /// Cursor movements of this program itself, and lines that are safe to show: `visibleOnTerminal`.
  static func draw(_ frame: String) { control(frame, to: STDERR_FILENO) }

  /// A closed pipe ends the output, as it does for every other program; nothing else can be said there.
  private static func control(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// `4.2 s`, `1 min 05 s`.
  static func elapsed(_ seconds: Double) -> String {
    seconds < 60
      ? String(format: "%.1f s", seconds)
      : "\(Int(seconds) / 60) min \(String(format: "%02d", Int(seconds) % 60)) s"
  }
}

/// Columns of text, each as wide as its widest cell. The last column is not padded.
struct Table {
  private var rows: [[String]] = []

  mutating func add(_ cells: String...) { rows.append(cells) }

  func lines(indent: Int = 2) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { cells in
      let padded = cells.enumerated().map { index, cell in
        index == cells.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
      }
      return String(repeating: " ", count: indent) + padded.joined(separator: "  ").trimmedEnd
    }
  }
}

extension String {
  var trimmedEnd: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
