// SPDX-License-Identifier: Apache-2.0

/// How much at once, and how patiently.
package struct ExecutionPolicy: Sendable {
  package var limits = RunProgress.Limits()
  /// How often a step is tried on a host that cannot be reached.
  package var attempts = 4
  /// The wait before the second attempt; it doubles with each further one.
  package var backoff = Duration.seconds(1)
  /// A lease that is not renewed ends after this time. It is renewed when a third of it is over.
  package var leaseSeconds = 60

  package init() {}
}
