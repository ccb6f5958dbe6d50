// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Which services miss how much, gathered step by step.
struct Interruptions {
  private struct Sum {
    var seconds: Double? = 0
    var times = 0
    /// Runs behind the figures; nil as soon as one of them is a default.
    var runs: Int? = Int.max
  }

  private(set) var all: [PlanForecast.Interruption] = []

  init(_ steps: [Step], _ seconds: [Double], _ basis: ForecastBasis) {
    var order: [String] = []
    var sums: [String: Sum] = [:]
    var nodes: [HostID] = []
    var longest: (seconds: Double, runs: Int?) = (0, Int.max)
    var comeBack = true
    let maintenance = steps.contains { step in
      step.operation.impact == .clusteredServices(maintenance: true)
    }
    for (index, step) in steps.enumerated() where step.disruption >= .restart {
      let figure = basis.past.figure(step)
      if case .node(let node) = step.operation.impact {
        nodes.append(node)
        if step.operation.isRemoval { comeBack = false }
        let runs = [longest.runs, figure?.runs].contains(nil) ? nil : min(longest.runs ?? 0, figure?.runs ?? 0)
        longest = (max(longest.seconds, seconds[index]), runs)
        continue
      }
      guard
        let (services, away, figure) = Self.effect(
          step, seconds[index], figure, basis, maintenance: maintenance)
      else {
        continue
      }
      for service in services {
        if sums[service] == nil { order.append(service) }
        var sum = sums[service] ?? Sum()
        sum.seconds = away.flatMap { away in sum.seconds.map { $0 + away } }
        sum.times += 1
        sum.runs = figure.flatMap { figure in sum.runs.map { min($0, figure.runs) } }
        sums[service] = sum
      }
    }
    func origin(_ runs: Int?) -> PlanForecast.Basis { runs.map { .past(runs: $0) } ?? .standard }
    all = order.compactMap { service in
      sums[service].map {
        PlanForecast.Interruption(
          service: service, seconds: $0.seconds, isForEachMachine: false, times: $0.times, basis: origin($0.runs))
      }
    }
    if !nodes.isEmpty {
      all.append(
        PlanForecast.Interruption(
          service: "jobs on \(HostlistText.fold(nodes))", seconds: comeBack ? longest.seconds : nil,
          isForEachMachine: true,
          times: nodes.count, basis: origin(longest.runs)))
    }
  }

  /// The services that a step on a head takes away, for how long, and the past figure used. Nil: nobody notices.
  ///
  /// - Parameter maintenance: Pacemaker is told before to leave running what it runs.
  private static func effect(
    _ step: Step, _ seconds: Double, _ figure: PastDurations.Figure?, _ basis: ForecastBasis, maintenance: Bool
  ) -> (services: [String], seconds: Double?, figure: PastDurations.Figure?)? {
    // What a past step took is an upper bound of how long its service was away.
    let restart = min(figure?.seconds ?? DefaultDurations.restart, seconds)
    switch step.operation.impact {
    case .unit(let name, let returns):
      if step.host != basis.activeHead { return nil }
      return (basis.services.away(with: name, maintenance: maintenance), returns ? restart : nil, figure)
    case .clusteredServices:
      let away = step.disruption == .failover ? DefaultDurations.failover : DefaultDurations.managedRestart
      return (basis.services.all, away, nil)
    case .machine:
      return step.disruptedHost == basis.activeHead
        ? (["everything on \(step.disruptedHost)"], step.operation.isRemoval ? nil : seconds, figure) : nil
    case .nothing, .node:
      return nil
    }
  }
}
