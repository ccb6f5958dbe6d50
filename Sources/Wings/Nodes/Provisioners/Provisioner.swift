// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A way for nodes to come up: how they are told, and which stages they go through.
///
/// Each is a folder beside this file and a line in `Provisioners.all`: docs/howto/add-a-provisioner.md.
protocol Provisioner: SendableMetatype {
  /// In the stages' order. The first begins when the node's power is switched, the last is `ready`.
  static var stages: [BootStage] { get }
  /// The script that a node's card fetches by its MAC address, from the head that answers it.
  static func script(_ name: HostID, image: String, _ boot: BootScript) -> String
}

extension Provisioner {
  static func stage(_ stage: NodeReport.Stage) -> BootStage? { stages.first { $0.stage == stage } }

  /// Seconds for the whole way from its power to ready.
  static var patience: Int { stages.filter { $0.stage != .ready }.reduce(0) { $0 + $1.patience } }
}
