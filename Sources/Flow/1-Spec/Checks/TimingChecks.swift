// SPDX-License-Identifier: Apache-2.0
import SpecForms
import Diagnostics

/// Times in `ha:` that cannot work, or do not do what they promise.
enum TimingChecks {
  static func run(_ policy: HighAvailabilitySection.Declaration, _ problems: inout Problems) {
    if let monitor = policy.monitor?.value { check(monitor, &problems) }
    if let detect = policy.heartbeat?.value.detect { check(detect, &problems) }
  }

  private static func check(_ monitor: MonitorSection.Declaration, _ problems: inout Problems) {
    let every = monitor.every?.value ?? MonitorSection.defaultEvery
    if let place = monitor.every?.span, every < .seconds(1) {
      problems.error(
        .monitorTiming, "Services cannot be checked more often than once a second.",
        help: "A check takes a good part of a second. `3s` costs little and finds a dead service quickly.", at: place)
    }
    guard let timeout = monitor.timeout else { return }
    if timeout.value < .seconds(1) {
      problems.error(
        .monitorTiming, "A check cannot be done in less than a second.",
        help: "A busy head would restart healthy services. Write `10s`.", at: timeout.span)
    } else if every >= .seconds(1), timeout.value > every * 20 {
      problems.warning(
        .monitorTiming, "One check that hangs takes the time of \(Int(timeout.value / every)).",
        help: "A service that hangs goes unnoticed for as long as `timeout`. Choose it closer to `every`.",
        at: timeout.span)
    }
  }

  /// Corosync derives the time limit of each link from the token: below 1000 ms a lost link can look like a lost head.
  private static func check(_ detect: Located<Duration>, _ problems: inout Problems) {
    if detect.value < .milliseconds(500) {
      problems.error(
        .detectTiming, "A head cannot be found lost in less than 500ms.",
        help: "Pauses of this length are normal on a busy machine: healthy heads would be powered off. Write `1s`.",
        at: detect.span)
    } else if detect.value < .seconds(1) {
      problems.warning(
        .detectTiming, "Below 1s the loss of one link can look like the loss of a head.",
        help: "Write `1s`, unless the half second was measured and is needed.", at: detect.span)
    } else if detect.value > .seconds(30) {
      problems.warning(
        .detectTiming, "A lost head goes unnoticed for longer than 30s.",
        help: "Nothing is served meanwhile. Write `1s` to `10s`.",
        at: detect.span)
    }
  }
}
