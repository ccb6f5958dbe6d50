// SPDX-License-Identifier: Apache-2.0

/// How long ago something was, in the unit that tells most: `90 s`, `12 min`, `5 h`, `3 days`.
package enum AgeText {
  /// - Parameter seconds: of a time to come, nothing is past.
  package static func words(_ seconds: Int) -> String {
    switch max(0, seconds) {
    case ..<120: "\(max(0, seconds)) s"
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86400) days"
    }
  }
}
