// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// Finds values that two machines have, in time linear in the machines. Collisions between the same two places of the
/// file are one problem, however many machines they concern.
///
/// Of a hundred thousand machines little is kept for each: a value, and where in which group of machines it stands.
struct Claims<Value: Hashable & CustomStringConvertible, Key: Hashable> {
  /// One place of the file, which gives a value to each machine of a group.
  struct Place {
    /// Empty: the value belongs to no machine.
    let machines: [HostID]
    /// "`eth0`", "the BMC", "the service address"; empty for the machine itself.
    let part: String
    let span: SourceSpan
    /// Where the machines' names stand: those of a table's row are in another file.
    var names: SourceSpan?
  }

  private struct Owner {
    let machine: HostID?
    let part: String
    let span: SourceSpan
    let names: SourceSpan?
    /// The first machine of the group.
    let group: HostID?

    init(_ place: Place, _ machine: Int) {
      (part, span, names, group) = (place.part, place.span, place.names, place.machines.first)
      self.machine = place.machines.isEmpty ? nil : place.machines[machine]
    }

    var text: String { machine.map { part.isEmpty ? "`\($0)`" : "\(part) of `\($0)`" } ?? part }
  }

  private struct Claim {
    let place: Int32
    let machine: Int32
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

  private let key: (Value) -> Key
  private var places: [Place] = []
  private var owners: [Key: Claim] = [:]
  private var collisions: [Collision] = []
  private var indices: [Places: Int] = [:]

  /// - Parameter key: the same for equal values only, and quick to compare.
  init(capacity: Int, key: @escaping (Value) -> Key) {
    self.key = key
    owners.reserveCapacity(capacity)
  }

  /// Where the next values stand.
  mutating func begin(_ place: Place) { places.append(place) }

  /// Claims a value for the place that was begun last. False when somebody else has the value.
  /// - Parameter machine: its number in the group.
  @discardableResult
  mutating func claim(_ value: Value, by machine: Int) -> Bool {
    let claim = Claim(place: Int32(places.count - 1), machine: Int32(machine))
    let key = key(value)
    guard let first = owners[key] else {
      owners[key] = claim
      return true
    }
    note(value, first, claim)
    return false
  }

  private mutating func note(_ value: Value, _ one: Claim, _ other: Claim) {
    let first = Owner(places[Int(one.place)], Int(one.machine))
    let second = Owner(places[Int(other.place)], Int(other.machine))
    let both = Places(first: first.span, second: second.span)
    if let index = indices[both] {
      collisions[index].count += 1
    } else {
      indices[both] = collisions.count
      collisions.append(Collision(value: value, first: first, second: second, count: 1))
    }
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
    guard collision.first.group == collision.second.group else {
      let isOfTable = collision.second.names.map { $0.file != span.file } ?? false
      problems.error(
        code,
        "The \(noun) \(collision.value) would go to \(collision.first.text) and to \(collision.second.text).\(more)",
        help: isOfTable
          ? "Each row of a table is a node with a value of its own: give the table a column for it, and remove it here."
          : "An alias (`*name`) repeats what was written, and counts up from the same \(noun) again. Write it out for "
            + "each group.", at: span)
      return
    }
    let end = SourceSpan(
      file: span.file, line: span.endLine, column: span.endColumn, endLine: span.endLine, endColumn: span.endColumn)
    problems.error(
      code,
      "The \(noun) \(collision.value) would go to \(collision.first.text) and to \(collision.second.text).\(more)",
      help: "With a `+` at the end the \(noun) counts up with the names.", at: span,
      fixIts: [.init(label: "write `\(collision.value)+`", span: end, replacement: "+", isCertain: false)])
  }
}
