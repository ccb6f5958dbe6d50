// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation

extension Plan {
  /// SHA-256 of the whole plan in canonical JSON: two plans with one digest do the same.
  package var digest: String { SHA256.hex(Array(encoded(self, [.sortedKeys, .withoutEscapingSlashes]))) }

  /// For programs: `.steps[]`, `.blocked[]`, `.summary`. Ends with a newline.
  package var json: String {
    let document = PlanDocument(
      steps: steps.map(PlanDocument.StepEntry.init), blocked: blocked.map(PlanDocument.BlockedEntry.init),
      summary: PlanSummary(self))
    return String(decoding: encoded(document, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]), as: UTF8.self)
      + "\n"
  }

  /// Plans hold strings, whole numbers and lists of them: encoding those cannot fail.
  private func encoded(_ value: some Encodable, _ format: JSONEncoder.OutputFormatting) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = format
    do { return try encoder.encode(value) } catch { preconditionFailure("a plan that is not JSON: \(error)") }
  }
}

/// What `plan -o json` prints. Keys are only ever added.
private struct PlanDocument: Encodable {
  struct Place: Encodable {
    var file: String
    var line: Int
    var column: Int

    init(_ span: SourceSpan) {
      file = span.file
      line = span.line
      column = span.column
    }
  }

  struct StepEntry: Encodable {
    var id: StepID
    var resource: String
    var host: HostID
    var operation: String
    var target: String
    var because: String
    var changes: [String]
    var disruption: Step.Disruption
    var destructive: Bool
    var after: [StepID]
    var source: Place?

    init(_ step: Step) {
      id = step.id
      resource = step.resource.description
      host = step.host
      operation = step.operation.name
      target = step.operation.target
      because = step.because
      changes = step.changes
      disruption = step.disruption
      destructive = step.destructive
      after = step.after
      source = step.source.map(Place.init)
    }
  }

  struct BlockedEntry: Encodable {
    var resource: String
    var host: HostID?
    /// `unreachable`, `failed`, `unasked` or `waits-for`.
    var reason: String
    var detail: String
    var next: String
    var source: Place?

    init(_ blocked: Blocked) {
      resource = blocked.resource.description
      host = blocked.resource.host
      reason =
        switch blocked.reason {
        case .unreadable(.unreachable): "unreachable"
        case .unreadable(.failed): "failed"
        case .unreadable(.unasked): "unasked"
        case .waitsFor: "waits-for"
        }
      detail = blocked.reason.description
      next = blocked.next
      source = blocked.source.map(Place.init)
    }
  }

  var steps: [StepEntry]
  var blocked: [BlockedEntry]
  var summary: PlanSummary
}
