// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension CheckReport {
  /// The results as JUnit's XML, a suite for each set: what CI systems show.
  package var junit: String {
    var sets: [String] = []
    for row in rows where !sets.contains(row.set) { sets.append(row.set) }
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites\(Self.counts(rows))>"]
    for set in sets {
      let own = rows.filter { $0.set == set }
      lines.append("  <testsuite name=\"\(Self.text(set))\"\(Self.counts(own))>")
      lines += own.flatMap(Self.lines)
      lines.append("  </testsuite>")
    }
    return (lines + ["</testsuites>", ""]).joined(separator: "\n")
  }

  private static func counts(_ rows: [Row]) -> String {
    func count(_ status: CheckResult.Status) -> Int { rows.count { $0.status == status } }
    return " tests=\"\(rows.count)\" failures=\"\(count(.failed))\" errors=\"\(count(.unknown))\""
      + " skipped=\"\(count(.skipped))\""
  }

  private static func lines(_ row: Row) -> [String] {
    let place = row.machine + (row.peer.map { " to \($0)" } ?? "")
    let open = "    <testcase classname=\"\(text(row.check))\" name=\"\(text(place))\" time=\"\(row.seconds)\""
    guard let element = row.element else { return [open + "/>"] }
    let message = "message=\"\(text(row.detail))\""
    let said = [row.output, row.remediation.map { "next: \($0)" } ?? ""].filter { !$0.isEmpty }.joined(separator: "\n")
    return [
      open + ">", "      <\(element) \(message)>\(text(said))</\(element)>", "    </testcase>",
    ]
  }

  /// Text in XML. Control characters are escapes by now, which XML 1.0 could not hold.
  private static func text(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}

extension CheckReport.Row {
  fileprivate var set: String { String(check.prefix { $0 != "/" }) }

  fileprivate var element: String? {
    switch status {
    case .passed: nil
    case .failed: "failure"
    case .skipped: "skipped"
    case .unknown: "error"
    }
  }
}
