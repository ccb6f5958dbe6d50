// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

extension Plan {
  /// SHA-256 of the whole plan in canonical JSON: two plans with one digest do the same.
  package var digest: String { SHA256.hex(Array(encoded(self, [.sortedKeys, .withoutEscapingSlashes]))) }

  /// For programs: `.steps[]`, `.blocked[]`, `.leaving[]`, `.summary`. Ends with a newline.
  package var json: String { PlanReview(self).json }
}

extension PlanReview {
  /// For programs: `.steps[]`, `.blocked[]`, `.leaving[]`, `.summary`, `.forecast`, `.undo`. Ends with a newline.
  package var json: String {
    let bytes = encoded(PlanDocument(self), [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: bytes, as: UTF8.self) + "\n"
  }

  /// The same document as `json`, in YAML.
  package var yaml: String {
    do {
      return YAMLText.text(try JSONDecoder().decode(DocumentValue.self, from: encoded(PlanDocument(self), [])))
    } catch { preconditionFailure("a plan that is not JSON: \(error)") }
  }
}

/// Plans hold strings, finite numbers and lists of them: encoding those cannot fail.
private func encoded(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = format
  do { return try encoder.encode(value) } catch { preconditionFailure("a plan that is not JSON: \(error)") }
}
