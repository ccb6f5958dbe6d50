// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// What reading a description gave: a cluster that passed all checks, or the problems; warnings come with a cluster.
package struct SpecReading: Sendable {
  /// Nil when there is any error.
  package var cluster: Cluster?
  /// In the order of the file.
  package var diagnostics: [Diagnostic]

  /// Takes in what was found after reading. An error leaves no cluster.
  package mutating func add(_ problems: [Diagnostic]) {
    diagnostics += problems
    if problems.contains(where: { $0.severity == .error }) { cluster = nil }
  }
}
