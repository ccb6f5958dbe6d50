// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecForms

/// A value of one node that can be edited by command: one that a column of a table may have.
package struct NodeValue: Hashable, Sendable {
  package enum Key: Hashable, Sendable {
    case mac(card: String)
    case address(card: String)
    case bmcAddress, bmcMAC, image, state

    /// The place in a node group.
    var path: [String] {
      switch self {
      case .mac(let card): ["nics", card, "mac"]
      case .address(let card): ["nics", card, "address"]
      case .bmcAddress: ["bmc", "address"]
      case .bmcMAC: ["bmc", "mac"]
      case .image: ["image"]
      case .state: ["state"]
      }
    }

    /// Whether each node has one of its own, so that a text for several has to count up.
    package var isOfOneNode: Bool { self != .image && self != .state }

    /// As a column of a table is called, where cards are named.
    package var words: String { path[0] == "nics" ? "\(path[1]).\(path[2])" : TableColumns.name(of: path, []) }

    /// All that nodes with these cards can have.
    package static func words(_ cards: [String]) -> [String] {
      let ofCards: [Key] = cards.flatMap { [.mac(card: $0), .address(card: $0)] }
      let all: [Key] = ofCards + [.bmcAddress, .bmcMAC, .image, .state]
      return all.map { TableColumns.name(of: $0.path, cards) }
    }

    /// - Parameter text: as columns of tables are called: `mac`, `eno1.mac`, `bmc`.
    /// - Parameter cards: those of the node.
    package init?(_ text: String, cards: [String]) {
      guard let path = TableColumns.place(text.lowercased(), cards) else { return nil }
      switch path {
      case ["bmc", "address"]: self = .bmcAddress
      case ["bmc", "mac"]: self = .bmcMAC
      case ["image"]: self = .image
      case ["state"]: self = .state
      case _ where path.count == 3 && path[2] == "mac": self = .mac(card: path[1])
      case _ where path.count == 3 && path[2] == "address": self = .address(card: path[1])
      default: return nil
      }
    }
  }

  /// The value of the node with this index among several: `10.1.1.1+` counts up with them. Nil: it is none.
  package static func counted(_ key: Key, _ text: String, _ index: Int) -> NodeValue? {
    guard key.isOfOneNode, text.hasSuffix("+") else { return NodeValue(key, text).canonical }
    let first = text.dropLast()
    switch key {
    case .mac, .bmcMAC:
      return MACAddress(first).flatMap { Counted(first: $0, counts: true).value(index) }
        .map { NodeValue(key, $0.description) }
    default:
      return IPv4Address(first).flatMap { Counted(first: $0, counts: true).value(index) }
        .map { NodeValue(key, $0.description) }
    }
  }

  package var key: Key
  /// As it is written. Nil: none of its own.
  package var text: String?

  package init(_ key: Key, _ text: String?) {
    self.key = key
    self.text = text
  }

  /// The value as the description has it: MAC addresses in the notation of the program itself. Nil: it is none.
  package var canonical: NodeValue? {
    guard let text else { return self }
    switch key {
    case .mac, .bmcMAC: return MACAddress(text).map { NodeValue(key, $0.description) }
    case .address, .bmcAddress: return IPv4Address(text).map { NodeValue(key, $0.description) }
    case .state: return ComputeNode.State(rawValue: text).map { _ in self }
    case .image:
      return !text.isEmpty && text.utf8.allSatisfy { 48...57 ~= $0 || 97...122 ~= $0 || $0 == 45 } ? self : nil
    }
  }

  /// - Parameter after: the node as the edited description has it, for what follows from others of its values.
  func apply(to node: inout ComputeNode, after: ComputeNode) {
    switch key {
    case .mac(let card):
      for index in node.nics.indices where node.nics[index].name == card {
        node.nics[index].mac = text.flatMap { MACAddress($0) }
      }
    case .address(let card):
      for index in node.nics.indices where node.nics[index].name == card {
        guard let address = text.flatMap({ IPv4Address($0) }) else { continue }
        node.nics[index].address = address
      }
    case .bmcAddress: if let address = text.flatMap({ IPv4Address($0) }) { node.bmc?.address = address }
    case .bmcMAC: node.bmcMAC = text.flatMap { MACAddress($0) }
    case .image:
      node.image = text ?? after.image
      node.kernelArguments = after.kernelArguments
      node.disks = after.disks
    case .state: node.state = text.flatMap { ComputeNode.State(rawValue: $0) } ?? after.state
    }
  }

  /// Whether a node has it.
  func holds(of node: ComputeNode) -> Bool {
    var same = node
    apply(to: &same, after: node)
    return same == node
  }
}
