// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The output of `plan -o json`. Names are only ever added.
enum PlanDocument {
  static func value(_ review: PlanReview) -> DocumentValue {
    let plan = review.plan
    return .members([
      "steps": .list(plan.steps.map(step)), "blocked": .list(plan.blocked.map(blocked)),
      // Heads that the description dropped.
      "leaving": plan.leaving.isEmpty ? nil : .list(plan.leaving.map(leaving)),
      "summary": summary(PlanSummary(plan)), "forecast": review.forecast.map(forecast),
      // How to get back to what was before.
      "undo": plan.steps.isEmpty ? nil : review.undo.map { .text($0.text) },
      // What has to be known before the rest is read.
      "notes": review.notes.isEmpty ? nil : .texts(review.notes),
      // `--max-disruption`, and the steps that are above it.
      "maxDisruption": review.ceiling.map { .text($0.rawValue) },
      "refused": review.ceiling == nil ? nil : .texts(review.aboveCeiling.lazy.map(\.id.text)),
      // Left out for real machines.
      "simulated": review.simulated ? .bool(true) : nil,
    ])
  }

  private static func step(_ step: Step) -> DocumentValue {
    .members([
      "id": .text(step.id.text), "resource": .text(step.resource.description), "host": .text(step.host.name),
      "operation": .text(step.operation.name), "target": .text(step.operation.target), "because": .text(step.because),
      "changes": .texts(step.changes), "disruption": .text(step.disruption.rawValue),
      "destructive": .bool(step.destructive), "after": .texts(step.after.lazy.map(\.text)),
      "atOnce": step.place.map { .integer($0.width) },
      "source": step.source.map(place),
    ])
  }

  private static func blocked(_ blocked: Blocked) -> DocumentValue {
    .members([
      "resource": .text(blocked.resource.description), "host": blocked.resource.host.map { .text($0.name) },
      "reason": .text(word(blocked.reason)), "detail": .text(blocked.reason.description), "next": .text(blocked.next),
      "source": blocked.source.map(place),
    ])
  }

  private static func leaving(_ head: LeavingHead) -> DocumentValue {
    .members(["host": .text(head.host.name), "resources": .texts(head.resources.lazy.map(\.description))])
  }

  private static func word(_ reason: Blocked.Reason) -> String {
    switch reason {
    case .unreadable(.unreachable): "unreachable"
    case .unreadable(.failed): "failed"
    case .unreadable(.unasked): "unasked"
    case .waitsFor: "waits-for"
    case .leftOut: "left-out"
    }
  }

  private static func place(_ span: SourceSpan) -> DocumentValue {
    .members(["file": .text(span.file), "line": .integer(span.line), "column": .integer(span.column)])
  }

  private static func summary(_ summary: PlanSummary) -> DocumentValue {
    .members([
      "steps": .integer(summary.steps), "blocked": .integer(summary.blocked),
      "destructive": .integer(summary.destructive), "disruption": .counts(summary.disruption),
      "hosts": .counts(summary.hosts), "leaving": summary.leaving.map { .integer($0) },
    ])
  }

  private static func forecast(_ forecast: PlanForecast) -> DocumentValue {
    .members([
      "interruptions": .list(forecast.interruptions.map(interruption)), "totalSeconds": .number(forecast.totalSeconds),
      "stepsFromPast": .integer(forecast.stepsFromPast), "steps": .integer(forecast.steps),
    ])
  }

  private static func interruption(_ interruption: PlanForecast.Interruption) -> DocumentValue {
    .members([
      "service": .text(interruption.service), "seconds": interruption.seconds.map { .number($0) },
      "isForEachMachine": .bool(interruption.isForEachMachine), "times": .integer(interruption.times),
      // As it reads: `default`, `median of 7 past runs`.
      "basis": .text(interruption.basis.description),
    ])
  }
}

/// A document as a tree, whatever it is written in.
enum DocumentValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([DocumentValue])
  case members(Members)

  /// Whole numbers without a fraction.
  static func digits(_ number: Double) -> String {
    let digits = "\(number)"
    return digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
  }

  static func texts(_ texts: some Sequence<String>) -> DocumentValue { .list(texts.map { .text($0) }) }

  static func counts(_ counts: [String: Int]) -> DocumentValue {
    .members(Members(counts.map { ($0.key, .integer($0.value)) }))
  }
}

/// Values by their names, in the order of these.
struct Members: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  struct Member: Hashable, Sendable {
    var name: String
    var value: DocumentValue
  }

  let all: [Member]

  /// Makes an object. Members without a value are left out.
  init(_ members: [(name: String, value: DocumentValue?)]) {
    all = members.compactMap { name, value in value.map { Member(name: name, value: $0) } }.sorted { $0.name < $1.name }
  }

  init(dictionaryLiteral members: (String, DocumentValue?)...) { self.init(members.map { ($0.0, $0.1) }) }

  subscript(_ name: String) -> DocumentValue? { all.first { $0.name == name }?.value }
}
