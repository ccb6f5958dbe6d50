// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A stage of a node's boot: how long it may last, and what to do about one that lasts longer.
///
/// What is waited for, what counts as stuck and what `status` says all come from the list of a node's provisioner.
struct BootStage: Hashable, Sendable {
  var stage: NodeReport.Stage
  /// In words, of a node: `fetched its boot script`.
  var words: String
  /// Seconds until the next stage.
  var patience: Int
  var advice: String

  init(_ stage: NodeReport.Stage, _ words: String, patience: Int, advice: String) {
    self.stage = stage
    self.words = words
    self.patience = patience
    self.advice = advice
  }
}
