// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The expected interruptions and duration of a plan: a forecast, not a promise.
package struct PlanForecast: Hashable, Sendable {
  /// Where a figure comes from.
  package enum Basis: Hashable, Sendable {
    /// The table of defaults: nothing like it was done on this site before.
    case standard
    /// The median of this many runs in the journal.
    case past(runs: Int)
  }

  /// One service that its users will miss for a while.
  package struct Interruption: Hashable, Sendable {
    /// `dhcp`, `dns`, `boot`, `service addresses`, `jobs on node[001-004]`, or a unit.
    package var service: String
    /// In all; when it is about machines, for each. Nil: it does not come back by this plan.
    package var seconds: Double?
    package var isForEachMachine: Bool
    /// How often.
    package var times: Int
    package var basis: Basis
  }

  package var interruptions: [Interruption]
  /// From the first step to the last, with as much at once as the executor allows.
  package var totalSeconds: Double
  /// How many steps have a figure from past runs.
  package var stepsFromPast: Int
  package var steps: Int
}

/// The facts that a forecast needs beyond the plan.
package struct ForecastBasis: Sendable {
  /// The head that serves now. Others are standbys: nobody notices when they are disrupted.
  package var activeHead: HostID
  package var past: PastDurations
  package var services: ServiceNames
  package var limits: Limits

  /// How much is done at once.
  package struct Limits: Sendable {
    /// Steps in flight on one host, and in all.
    package var perHost: Int
    package var total: Int
    /// Lanes with a width of their own: steps in them count against that alone.
    package var lanes: [String: Int]

    package init(perHost: Int, total: Int, lanes: [String: Int] = [:]) {
      self.perHost = perHost
      self.total = total
      self.lanes = lanes
    }
  }

  package init(activeHead: HostID, past: PastDurations, services: ServiceNames, limits: Limits) {
    self.activeHead = activeHead
    self.services = services
    self.past = past
    self.limits = limits
  }
}

extension PlanForecast {
  package init(_ plan: Plan, _ basis: ForecastBasis) {
    var (seconds, fromPast) = ([Double](), 0)
    seconds.reserveCapacity(plan.steps.count)
    for step in plan.steps {
      if let figure = basis.past.figure(step) {
        seconds.append(figure.seconds)
        fromPast += 1
      } else {
        seconds.append(step.operation.timing.expectedSeconds)
      }
    }
    interruptions = Interruptions(plan.steps, seconds, basis).all
    totalSeconds = ListSchedule.length(plan.steps, seconds, basis)
    stepsFromPast = fromPast
    steps = plan.steps.count
  }
}

extension PlanForecast.Basis: CustomStringConvertible {
  package var description: String {
    switch self {
    case .standard: "default"
    case .past(let runs): "median of \(runs) past \(runs == 1 ? "run" : "runs")"
    }
  }
}

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

  /// The time that is left once these are done: the same share of the whole time as of all the work.
  package func left(done: Set<StepID>) -> Double {
    let all = seconds.values.reduce(0, +)
    guard all > 0 else { return 0 }
    let open = seconds.lazy.filter { !done.contains($0.key) }.map(\.value).reduce(0, +)
    return total * open / all
  }
}
