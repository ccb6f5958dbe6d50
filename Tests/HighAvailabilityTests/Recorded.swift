// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What Pacemaker 2.1.5 and Corosync 3.1.7 really printed, on two heads with the example's policy.
enum Recorded {
  static func text(_ name: String, file: String = #filePath) throws -> String {
    try String(
      contentsOf: URL(filePath: file).deletingLastPathComponent().appending(path: "cases/\(name)"), encoding: .utf8)
  }
}
