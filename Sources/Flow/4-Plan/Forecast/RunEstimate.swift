// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How long the steps of a plan are expected to take, to tell how much of a run is left.
package struct RunEstimate: Hashable, Sendable {
  package var seconds: [StepID: Double]
  /// From the first step to the last, with as much at once as the executor allows.
  package var total: Double

  package init(seconds: [StepID: Double], total: Double) {
    self.seconds = seconds
    self.total = total
  }

  package init(_ plan: Plan, _ basis: ForecastBasis) {
    seconds = Dictionary(
      plan.steps.map { ($0.id, basis.past.figure($0)?.seconds ?? $0.operation.timing.expectedSeconds) },
      uniquingKeysWith: max)
    total = PlanForecast(plan, basis).totalSeconds
  }

  /// What is left once these are done: the same share of the whole time as of all the work.
  package func left(done: Set<StepID>) -> Double {
    let all = seconds.values.reduce(0, +)
    guard all > 0 else { return 0 }
    let open = seconds.lazy.filter { !done.contains($0.key) }.map(\.value).reduce(0, +)
    return total * open / all
  }
}
