// SPDX-License-Identifier: Apache-2.0
import Git

/// The runs that are missing from the record, as the numbers of the others tell.
///
/// Every round of a run has a generation, newer than all that the heads and the journal have seen. So a number that no
/// commit has was claimed by a run that never began, or by one whose commit is gone. To tell the two apart, a commit
/// says in `Without:` which numbers were missing already when it was made.
enum Generations {
  /// `5, 6` of a trailer. Nil when it is not there or says something else.
  static func read(_ trailer: String?) -> [Int]? {
    guard let words = trailer?.split(separator: ",") else { return nil }
    let numbers = words.compactMap { Int($0.drop { $0 == " " }) }
    return numbers.isEmpty || numbers.count != words.count ? nil : numbers
  }

  /// `3-5`: what lies between the newest so far and a new run's first. Nil: nothing, or nothing is known to be before.
  static func missing(_ generations: [Int], after previous: Int?) -> String? {
    guard let previous, let first = generations.min(), first > previous + 1 else { return nil }
    return text(previous + 1...first - 1)
  }

  static func text(_ range: ClosedRange<Int>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
  }

  private static func range(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-").compactMap { Int($0) }
    guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last else { return nil }
    return first...last
  }

  /// A run's commit, as far as it matters here.
  private struct Run {
    var commit: GitCommit
    var id: String
    var site: String
    var generations: [Int]
    var wasInterrupted: Bool
    var without: ClosedRange<Int>?

    init?(_ commit: GitCommit) {
      let trailers = commit.trailers
      guard let id = trailers["Run"], let site = trailers["Site"], let all = Generations.read(trailers["Generation"])
      else { return nil }
      self.commit = commit
      self.id = id
      self.site = site
      generations = all
      wasInterrupted = trailers["Result"] == "interrupted"
      without = trailers["Without"].flatMap(Generations.range)
    }
  }

  /// - Parameter chain: every commit of the history, each before its parents.
  static func check(_ chain: [GitCommit], _ result: inout Verification) {
    checkOrder(chain, &result)
    for (_, runs) in Dictionary(grouping: chain.compactMap(Run.init), by: \.site).sorted(by: { $0.key < $1.key }) {
      checkRepeats(runs, &result)
      checkGaps(runs, &result)
    }
  }

  /// A run comes after those of its site with older numbers. One that was killed is recorded when it is found, which
  /// may be later.
  private static func checkOrder(_ chain: [GitCommit], _ result: inout Verification) {
    var newest: [GitID: [String: Int]] = [:]
    for commit in chain.reversed() {
      var before: [String: Int] = [:]
      for parent in commit.parents { before.merge(newest[parent] ?? [:], uniquingKeysWith: max) }
      if let run = Run(commit), let first = run.generations.min(), let last = run.generations.max() {
        if let previous = before[run.site], first <= previous, !run.wasInterrupted {
          result.find(
            commit.id, "run \(run.id) has generation \(first), and comes after one with \(previous): out of order",
            next: AuditRepository.restore)
        }
        before[run.site] = max(before[run.site] ?? 0, last)
      }
      newest[commit.id] = before
    }
  }

  private static func checkRepeats(_ runs: [Run], _ result: inout Verification) {
    var owners: [Int: String] = [:]
    for run in runs.reversed() {
      for generation in run.generations {
        guard let other = owners.updateValue(run.id, forKey: generation), other != run.id else { continue }
        result.find(
          run.commit.id, "run \(run.id) has generation \(generation), which is that of run \(other)",
          next: AuditRepository.restore)
      }
    }
  }

  private static func checkGaps(_ runs: [Run], _ result: inout Verification) {
    let numbers = Set(runs.flatMap(\.generations)).sorted()
    for (older, newer) in zip(numbers, numbers.dropFirst()) where newer > older + 1 {
      let gap = older + 1...newer - 1
      let unexplained = gap.filter { number in !runs.contains { $0.without?.contains(number) == true } }
      guard let first = unexplained.first, let last = unexplained.last else { continue }
      let next = runs.first { $0.generations.contains(newer) }
      result.find(
        nil,
        "generation \(text(first...last)) of \(runs[0].site) is not recorded, and was when run "
          + "\(next?.id ?? "after it") was",
        next: AuditRepository.restore)
    }
  }
}
