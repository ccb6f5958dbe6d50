// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
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
  /// - Parameter scripts: the beginnings and ends that all scripts of a network share.
  static func script(_ node: ComputeNode, image: String, in cluster: Cluster, _ scripts: BootScript) -> String
  /// Arguments of a node's kernel that have a tag: a node that was started with others restarts.
  static func arguments(of node: ComputeNode) -> KernelArguments
  /// Additions to the images of nodes that come up so.
  static func contributions(_ nodes: [ComputeNode], in cluster: Cluster) -> [ImageContribution]
  /// Problems of what the description says of nodes that come up so.
  static func problems(_ nodes: [ComputeNode], in cluster: Cluster) -> [Diagnostic]
  /// Sentences for those who read a plan.
  static func notes(_ nodes: [ComputeNode]) -> [String]
  /// Keys of a group that have a use for these nodes only.
  static var keys: Set<String> { get }
  /// A node's loss where it boots another image, or with other arguments, for the end of the reason. Empty: nothing
  /// that it does not lose at each boot.
  static var loss: (image: String, arguments: String) { get }
  /// The first thing to do about a node that says that it failed. Nil: its image is to be looked at.
  static var failureAdvice: String? { get }
}

extension Provisioner {
  package static func arguments(of node: ComputeNode) -> KernelArguments { node.kernelArguments }
  package static func contributions(_ nodes: [ComputeNode], in cluster: Cluster) -> [ImageContribution] { [] }
  package static func problems(_ nodes: [ComputeNode], in cluster: Cluster) -> [Diagnostic] { [] }
  package static func notes(_ nodes: [ComputeNode]) -> [String] { [] }
  package static var keys: Set<String> { [] }
  package static var loss: (image: String, arguments: String) { ("", "") }
  package static var failureAdvice: String? { nil }
}

package enum Provisioners {
  /// Every way to come up. A new one is a folder beside this file and one line here:
  /// docs/howto/add-a-provisioner.md.
  package static let all: [any Provisioner.Type] = [
    Stateless.self,
    Disk.self,
    NFS.self,
  ]

  private static let key = Key(
    "boot", .choice(all.map { ($0.name, ComputeNode.Boot(rawValue: $0.name)) }, what: "a way to boot"),
    "How they run it: stateless, from memory; disk, installed on a disk of theirs; or nfs, over NFS. "
      + "Default: stateless.")

  /// The key, and the keys that the way which is named there needs.
  static let wingKey = WingKey(key, in: .nodes) { fields, span, problems in
    guard let boot = fields.read(key, &problems)?.value else { return }
    for needed in boot.provisioner.keys.sorted() where fields.entry(needed) == nil {
      problems.error(
        .missingKey, "Nodes with `boot: \(boot.rawValue)` need `\(needed)`.",
        help: "Add `\(needed):` to the group, or remove `boot: \(boot.rawValue)`.", at: span)
    }
  }

  /// The nodes that come up by each way, where there are any.
  static func users(in cluster: Cluster) -> [(way: any Provisioner.Type, nodes: [ComputeNode])] {
    let nodes = Dictionary(grouping: cluster.nodes, by: \.boot)
    return all.compactMap { way in nodes[ComputeNode.Boot(rawValue: way.name)].map { (way, $0) } }
  }
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

  /// Firmware of large machines tests their memory for minutes.
  static let powered = BootStage(
    .powered, "switched on", patience: 600,
    advice: "Check its power, its cable and its boot order, and that the MAC address in the spec is its card's.")
  static let dhcp = BootStage(
    .dhcp, "got an address", patience: 180,
    advice: "Check that its card's firmware boots by PXE or UEFI HTTP, and TFTP on the active head.")
  static let ready = BootStage(
    .ready, "ready", patience: NodeReport.lately, advice: "Check its console, and its link to the boot network.")
}
