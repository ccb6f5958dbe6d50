// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing

/// Finding 19: what others say is shown, and obeyed by no terminal.
@Suite struct VisibleTextTests {
  private static let hostile = [
    "\u{1b}[2J\u{1b}[1;1H", "\u{9b}31m", "a\r\nb", "\u{202e}txt.exe", "\u{2066}x\u{2069}", "\u{7f}\u{0}\u{7}",
    "\u{2028}forged", "\u{feff}", "\u{1b}]0;title\u{7}", "\u{1b}[8mhidden",
  ]

  @Test(arguments: hostile) func oneLineHasNoControlCharacterLeft(_ text: String) {
    let seen = "x \(text) y".visibleLine

    #expect(!seen.unicodeScalars.contains { $0.value < 32 || (127..<160).contains($0.value) })
    #expect(!seen.unicodeScalars.contains { [0x202e, 0x2066, 0x2069, 0x2028, 0xfeff].contains($0.value) })
    #expect(seen.hasPrefix("x ") && seen.hasSuffix(" y") && seen.contains("\\u"))
  }

  /// Escapes of this program's own colours, and no others: the end of the plan cannot be moved or hidden.
  @Test func aTerminalGetsOurColoursOnly() {
    let own = "\u{1b}[1mbold\u{1b}[0m \u{1b}[31mred\u{1b}[0m\n\tand a tab"

    #expect(own.visibleOnTerminal == own)
    for text in Self.hostile {
      let seen = (own + text).visibleOnTerminal
      #expect(seen.hasPrefix(own) && !seen.dropFirst(own.count).contains("\u{1b}"))
    }
  }

  @Test func plainTextIsLeftAsItIs() {
    #expect("Zürich — 20 °C, 日本, “quoted”".visibleLine == "Zürich — 20 °C, 日本, “quoted”")
    #expect("a\n\tb".visibleLines == "a\n\tb" && "a\n\tb".visibleLine == "a\\u000a\\u0009b")
  }

  @Test func numbersFromANetworkStopNoProgram() {
    var random = SeededGenerator()
    for _ in 0..<1000 {
      let (a, b) = (Int.random(in: .min ... .max, using: &random), Int.random(in: .min ... .max, using: &random))
      let (exact, over) = a.subtractingReportingOverflow(b)
      #expect(a.minus(b) == (over ? (b > 0 ? Int.min : Int.max) : exact))
    }
    #expect(
      Int.max.plus(1) == .max && Int.min.plus(-1) == .min && Int.max.times(-2) == .min && Int.min.times(-1) == .max)
    #expect(1_700_000_000.minus(.min) == .max && UInt32(3).minus(5) == 0)
  }
}
