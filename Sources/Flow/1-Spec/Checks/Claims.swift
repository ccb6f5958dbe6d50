// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Finds values that two machines have, in time linear in the machines. Collisions between the same two places of the
/// file are one problem, however many machines they concern.
struct Claims<Value: Hashable & CustomStringConvertible> {
  struct Owner {
    let machine: HostID?
    /// "`eth0`", "the BMC", "the service address"; empty for the machine itself.
    let part: String
    let span: SourceSpan

    var text: String { machine.map { part.isEmpty ? "`\($0)`" : "\(part) of `\($0)`" } ?? part }
  }

  private struct Places: Hashable {
    let first: SourceSpan
    let second: SourceSpan
  }

  private struct Collision {
    let value: Value
    let first: Owner
    let second: Owner
    var count: Int
  }

  private var owners: [Value: Owner] = [:]
  private var collisions: [Collision] = []
  private var indices: [Places: Int] = [:]

  init(capacity: Int) { owners.reserveCapacity(capacity) }

  /// False when somebody else has it.
  @discardableResult
  mutating func claim(_ value: Value, by owner: Owner) -> Bool {
    guard let first = owners[value] else {
      owners[value] = owner
      return true
    }
    let places = Places(first: first.span, second: owner.span)
    if let index = indices[places] {
      collisions[index].count += 1
    } else {
      indices[places] = collisions.count
      collisions.append(Collision(value: value, first: first, second: owner, count: 1))
    }
    return false
  }

  /// One diagnostic for each pair of places. `noun`: "address".
  func report(_ code: Diagnostic.Code, _ noun: String, _ problems: inout Problems) {
    for collision in collisions {
      let (first, second) = (collision.first, collision.second)
      let more = collision.count > 1 ? " It is the same with \(collision.count - 1) more." : ""
      if first.span == second.span {
        reportShared(collision, code, noun, more, &problems)
        continue
      }
      let detail =
        second.part.isEmpty
        ? "Two machines are called `\(collision.value)`."
        : "The \(noun) of \(second.text), \(collision.value), is also that of \(first.text)."
      problems.error(
        code, detail + more, help: "Each \(noun) belongs to one machine only. Change one of the two.", at: second.span,
        notes: [.init(text: "\(first.text) has it from here", span: first.span)])
    }
  }

  /// Both machines have the value from the same place: a group whose value does not count, or a name listed twice.
  private func reportShared(
    _ collision: Collision, _ code: Diagnostic.Code, _ noun: String, _ more: String, _ problems: inout Problems
  ) {
    let span = collision.second.span
    guard !collision.second.part.isEmpty else {
      problems.error(
        code, "`\(collision.value)` is in the hostlist twice.\(more)",
        help: "Remove one, or look for ranges that overlap.", at: span)
      return
    }
    let end = SourceSpan(
      file: span.file, line: span.endLine, column: span.endColumn, endLine: span.endLine, endColumn: span.endColumn)
    problems.error(
      code,
      "The \(noun) \(collision.value) would go to \(collision.first.text) and to \(collision.second.text).\(more)",
      help: "With a `+` at the end the \(noun) counts up with the names.", at: span,
      fixIts: [.init(label: "write `\(collision.value)+`", span: end, replacement: "+")])
  }
}
