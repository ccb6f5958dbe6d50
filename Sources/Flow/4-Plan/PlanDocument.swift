// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// What `plan -o json` prints. Keys are only ever added.
struct PlanDocument: Encodable {
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
        case .leftOut: "left-out"
        }
      detail = blocked.reason.description
      next = blocked.next
      source = blocked.source.map(Place.init)
    }
  }

  struct LeavingEntry: Encodable {
    var host: HostID
    var resources: [String]

    init(_ head: LeavingHead) {
      host = head.host
      resources = head.resources.map(\.description)
    }
  }

  var steps: [StepEntry]
  /// Heads that the description dropped. Left out when there is none.
  var leaving: [LeavingEntry]?
  var blocked: [BlockedEntry]
  var summary: PlanSummary
  var forecast: PlanForecast?
  /// How to get back to what was before.
  var undo: String?
  /// What has to be known before the rest is read.
  var notes: [String]?
  /// `--max-disruption`, and the steps that are above it.
  var maxDisruption: Step.Disruption?
  var refused: [StepID]?
  /// True for machines in memory, and left out for real ones.
  var simulated: Bool?

  init(_ review: PlanReview) {
    steps = review.plan.steps.map(StepEntry.init)
    leaving = review.plan.leaving.isEmpty ? nil : review.plan.leaving.map(LeavingEntry.init)
    blocked = review.plan.blocked.map(BlockedEntry.init)
    summary = PlanSummary(review.plan)
    forecast = review.forecast
    undo = review.plan.steps.isEmpty ? nil : review.undo?.text
    notes = review.notes.isEmpty ? nil : review.notes
    maxDisruption = review.ceiling
    simulated = review.simulated ? true : nil
    refused = review.ceiling == nil ? nil : review.aboveCeiling.map(\.id)
  }
}
