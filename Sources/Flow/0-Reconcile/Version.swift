// SPDX-License-Identifier: Apache-2.0

/// This program's version, as records and `--version` show it.
package enum Version {
  package static let number = "0.1.0"
  package static let text = "cluster \(number)"
}
