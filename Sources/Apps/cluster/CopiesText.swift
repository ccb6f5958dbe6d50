// SPDX-License-Identifier: Apache-2.0
import Auditing
import Foundation

/// Where the record is kept besides here, in words.
enum CopiesText {
  /// One line for those that have it all, and a warning for each that does not.
  static func lines(_ copies: [HistoryCopy]) -> [String] {
    let current = copies.filter(\.isCurrent).map(\.name)
    let line = current.isEmpty ? [] : ["The record is also on \(current.joined(separator: ", "))."]
    return line + copies.filter { !$0.isCurrent }.map(warning)
  }

  private static func warning(_ copy: HistoryCopy) -> String {
    let since = copy.behindSince.map {
      ", since \(Date(timeIntervalSince1970: TimeInterval($0)).formatted(.iso8601))"
    }
    let lacks =
      copy.behind == 0
      ? "could not be asked for the record" : "lacks \(copy.behind) of the record's commits\(since ?? "")"
    return "warning: \(copy.name) \(lacks)" + (copy.problem.map { ": \($0)" } ?? "")
      + "\n  next: \(copy.next ?? "The next run brings them.")"
  }
}
