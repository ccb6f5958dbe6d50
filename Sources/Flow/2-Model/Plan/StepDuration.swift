// SPDX-License-Identifier: Apache-2.0

/// How long one thing took in the newest runs that changed something by it.
package struct StepDuration: Hashable, Sendable {
  package var step: StepID
  /// `ensureNode`.
  package var operation: String
  package var host: HostID
  package var seconds: Double

  package init(step: StepID, operation: String, host: HostID, seconds: Double) {
    self.step = step
    self.operation = operation
    self.host = host
    self.seconds = seconds
  }
}
