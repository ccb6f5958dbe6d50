// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How long things took in past runs of this site, from its journal.
package struct PastDurations: Sendable {
  /// A median of some runs.
  package struct Figure: Hashable, Sendable {
    package var seconds: Double
    package var runs: Int

    package init(seconds: Double, runs: Int) {
      self.seconds = seconds
      self.runs = runs
    }
  }

  package struct Place: Hashable, Sendable {
    /// `ensureNode`.
    package var operation: String
    package var host: HostID

    package init(operation: String, host: HostID) {
      self.operation = operation
      self.host = host
    }
  }

  /// The very same step: the same thing on the same host.
  package var steps: [StepID: Figure]
  /// The same operation on the same host, whatever it worked on.
  package var places: [Place: Figure]

  package init(steps: [StepID: Figure] = [:], places: [Place: Figure] = [:]) {
    self.steps = steps
    self.places = places
  }

  /// The nearest figure there is for a step. Nil: nothing alike was done here before.
  package func figure(_ step: Step) -> Figure? {
    if let same = steps[step.id] { return same }
    if step.operation.timing.varies { return nil }
    return places[Place(operation: step.operation.name, host: step.host)]
  }
}

extension PastDurations {
  /// Older runs say little about today.
  private static let mostRuns = 20

  /// Medians of the newest figures, by step and by operation and host.
  package init(_ durations: [StepDuration]) {
    var steps: [StepID: [Double]] = [:]
    var places: [Place: [Double]] = [:]
    for duration in durations {
      let place = Place(operation: duration.operation, host: duration.host)
      if steps[duration.step, default: []].count < Self.mostRuns {
        steps[duration.step, default: []].append(duration.seconds)
      }
      if places[place, default: []].count < Self.mostRuns { places[place, default: []].append(duration.seconds) }
    }
    self.init(steps: steps.compactMapValues(Self.median), places: places.compactMapValues(Self.median))
  }

  private static func median(_ values: [Double]) -> Figure? {
    let sorted = values.sorted()
    guard let low = sorted.dropFirst((sorted.count - 1) / 2).first, let high = sorted.dropFirst(sorted.count / 2).first
    else { return nil }
    return Figure(seconds: (low + high) / 2, runs: sorted.count)
  }
}

/// Expected durations where no past run says better. Seconds; each with where it comes from.
///
/// "Measured" means on virtual machines with two cores; real machines start slower (firmware) and compute faster.
enum DefaultDurations {
  /// How long a service is away when its unit is restarted. Measured: dnsmasq 0.3 s, nginx 0.1 s; rounded up.
  static let restart = 1.0
  /// Pacemaker stops a service, and starts it with all that depends on it. Measured: 0.8-3.1 s.
  static let managedRestart = 3.0
  /// A wanted move of addresses and services to the other head. Measured: addresses 0.5 s, services 0.9 s; rounded up.
  static let failover = 2.0
  /// systemd-networkd reads its files again and keeps the addresses (`KeepConfiguration=yes`).
  static let reload = 0.0
}
