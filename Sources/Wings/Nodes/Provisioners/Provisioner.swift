// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// A way for nodes to come up: how they are told, and which stages they go through.
package protocol Provisioner: SendableMetatype {
  /// `stateless`: in the description, under `nodes: boot:`.
  static var name: String { get }
  /// In the order in which a node goes through them. The first begins when its power is switched, the last is `ready`.
  static var stages: [BootStage] { get }
  /// The iPXE script that a node's card fetches by its MAC address from whichever head answers it.
  ///
  /// - Parameter image: `name/digest`.
  /// - Parameter kernel: what the description adds to its kernel's arguments.
  /// - Parameter scripts: the beginnings and ends that all scripts of a network share.
  static func script(_ node: HostID, image: String, kernel: KernelArguments, _ scripts: BootScript) -> String
}

package enum Provisioners {
  /// Every way to come up. A new one is a folder beside this file and one line here:
  /// docs/howto/add-a-provisioner.md.
  package static let all: [any Provisioner.Type] = [
    Stateless.self
  ]

  static let key = Key(
    "boot", .choice(all.map { ($0.name, ComputeNode.Boot(rawValue: $0.name)) }, what: "a way to boot"),
    "How they run it. Default: stateless, from memory.")
}

extension ComputeNode.Boot {
  /// The one that is named. The reader lets no other name through, and no agent judges reports.
  package var provisioner: any Provisioner.Type {
    guard let found = Provisioners.all.first(where: { $0.name == rawValue }) else {
      preconditionFailure("no node boots by \(rawValue)")
    }
    return found
  }

  /// A stage of the way up. Nil: this way has no such stage.
  func stage(_ stage: NodeReport.Stage) -> BootStage? { provisioner.stages.first { $0.stage == stage } }

  /// Seconds for the whole way from power to ready.
  var patience: Int { provisioner.stages.filter { $0.stage != .ready }.reduce(0) { $0 + $1.patience } }
}

/// A stage of a node's way up: how long it may last, and what to do about one that lasts longer.
///
/// What is waited for, what counts as stuck, and what `status` says of both come from the list of a node's provisioner.
package struct BootStage: Hashable, Sendable {
  package var stage: NodeReport.Stage
  /// In words, of a node: `fetched its boot script`.
  package var words: String
  /// Seconds until the next stage.
  package var patience: Int
  package var advice: String

  package init(_ stage: NodeReport.Stage, _ words: String, patience: Int, advice: String) {
    self.stage = stage
    self.words = words
    self.patience = patience
    self.advice = advice
  }
}
