// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

extension Plan {
  /// SHA-256 of the whole plan in canonical JSON: two plans with one digest do the same.
  ///
  /// Plans hold strings, finite numbers and lists of them: encoding those cannot fail.
  package var digest: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return SHA256.hex(Array(try encoder.encode(self))) } catch { preconditionFailure("not JSON: \(error)") }
  }

  /// For programs: `.steps[]`, `.blocked[]`, `.leaving[]`, `.summary`. Ends with a newline.
  package var json: String { PlanReview(self).json }
}

extension PlanReview {
  /// For programs: `.steps[]`, `.blocked[]`, `.leaving[]`, `.summary`, `.forecast`, `.undo`. Ends with a newline.
  package var json: String { JSONText.text(PlanDocument.value(self)) }

  /// The same document as `json`, in YAML.
  package var yaml: String { YAMLText.text(PlanDocument.value(self)) }
}
