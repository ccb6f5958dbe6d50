// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Templates

/// A language that BMCs speak, with all that is said of it. How the agent speaks it is in `Sources/Agent/Power`, in a
/// folder of the same name.
package protocol PowerProtocol: SendableMetatype {
  /// `ipmi`: in the description, and on the wire.
  static var name: String { get }
  /// Packages that a head needs to speak it.
  static var packages: [String] { get }
  /// Keys of `bmc:` that are for it, beside those that are for all: `cipher`, `target`, `system`.
  static var keys: Set<String> { get }
  /// Cipher suites that sessions may use, by number. None: it has no such thing.
  static var suites: [Int] { get }
  /// The suites to try, in this order. One that the description names is the only one.
  static func suites(of bmc: BMC, noted: Int?) -> [Int]
  /// How Pacemaker fences a head by it.
  static func fence(_ head: HostID, _ bmc: BMC) -> FenceDevice
  /// The path of the program that gives the fence agent its password, on the other heads.
  static func fenceProgramPath(_ head: HostID) -> String
  /// The text of that program. It gives the agent the password of a file, and keeps two heads from shooting each other.
  static func fenceProgram(_ duel: FencingDuel) -> String
  /// Other fence agents that speak it.
  static var fenceAgents: [String] { get }
  /// The text of a program for such an agent, in its tool's place, that has the password from a file. Nil: what it is
  /// told does not allow for one.
  static func fenceTool(_ agent: FenceAgent, passwordFile: (SecretRef) -> String) -> String?
  /// Why a fence agent could not ask a BMC, from what it said.
  static func failure(of device: FenceDevice, saying text: String) -> AgentError
}

package enum PowerProtocols {
  /// Every protocol. A new one is a folder beside this file and one line here.
  package static let all: [any PowerProtocol.Type] = [
    IPMI.self, Redfish.self,
  ]

  /// The protocol of that name. Nil: another version of the program knows it.
  package static func named(_ name: BMC.BMCProtocol) -> (any PowerProtocol.Type)? {
    all.first { $0.name == name.rawValue }
  }

  /// The protocols of a cluster's BMCs, in the order of the catalog.
  static func spoken(in cluster: Cluster) -> [any PowerProtocol.Type] {
    all.filter { speech in
      cluster.heads.contains { $0.bmc?.protocol.rawValue == speech.name }
        || cluster.nodes.contains { $0.bmc?.protocol.rawValue == speech.name }
    }
  }
}

extension PowerProtocols {
  /// Packages that a head needs to switch the machines of a cluster.
  static func packages(_ cluster: Cluster) -> [String] {
    let agents = Set(cluster.nodes.compactMap { $0.bmc?.agent?.name })
    let named = agents.flatMap { FenceAgent.packages(of: $0) }
    return spoken(in: cluster).flatMap { $0.packages } + Set(named).sorted()
  }

  /// Cipher suites that `cipher:` may name.
  static var suites: [Int] { Set(all.flatMap { $0.suites }).sorted(by: >) }
}

extension BMC {
  /// The protocol that it speaks. The reader lets no other through.
  package var speaks: any PowerProtocol.Type {
    guard let found = PowerProtocols.named(`protocol`) else {
      preconditionFailure("no BMC speaks \(`protocol`.rawValue)")
    }
    return found
  }
}

/// A head that shoots another one, and may be shot by it at the same time.
package struct FencingDuel: Sendable {
  package struct Side: Sendable {
    package var bmc: BMC
    package var passwordFile: String

    package init(bmc: BMC, passwordFile: String) {
      self.bmc = bmc
      self.passwordFile = passwordFile
    }
  }

  package var target: Side
  /// The BMC of the head that shoots. Nil: it has none of the same language.
  package var own: Side?
  /// The target may shoot, too. Off: an agent of a further level, which is tried after the one that has asked.
  package var isMutual: Bool
  /// The place of the head that shoots among all, by name.
  package var order: Int
  /// The address that the services are beside, and the card that nodes reach them by.
  package var service: IPv4Address?
  package var card: String?

  package init(
    target: Side, own: Side?, isMutual: Bool = false, order: Int, service: IPv4Address? = nil, card: String? = nil
  ) {
    self.target = target
    self.own = own
    self.isMutual = isMutual
    self.order = order
    self.service = service
    self.card = card
  }
}

extension FencingDuel {
  /// The lines of shell that say what its program has to know, and the text of both programs.
  func program(_ settings: [(String, String)], _ parts: [[UInt8]]) -> String {
    let all =
      settings + [
        ("mutual", isMutual ? "yes" : "no"), ("order", "\(order)"), ("service", service.map { "\($0)" } ?? "none"),
        ("card", card ?? "none"),
      ]
    return "#!/bin/sh\n# Written by cluster.\n" + all.map { "\($0)=\($1.quotedForShell)\n" }.joined()
      + parts.map { String(decoding: $0, as: UTF8.self) }.joined()
  }
}

/// How one head switches another one off: a fence agent, and its parameters without the password.
///
/// Proof and Pacemaker use these same parameters, so that what was proven is what will be used.
package struct FenceDevice: Sendable {
  package var head: HostID
  package var bmc: BMC
  /// The agent's program, which is also its name in the CIB: `fence_ipmilan`.
  package var agent: String
  package var parameters: [(name: String, value: String)]

  /// The agent with its parameters, in one line: a proof is of these.
  package var words: String { Self.words(agent, parameters) }
  static func words(_ agent: String, _ parameters: [(name: String, value: String)]) -> String {
    ([agent] + parameters.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
  }

  /// The primitive's id.
  package var id: String { Self.id(of: head) }
  package static func id(of head: HostID) -> String { "fence-\(head)" }

  /// `on` or `off`, from what a fence agent says when it is asked for the status: `Status: ON`.
  package static func power(in text: String) -> String? {
    let word = "Status: "
    return text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(word) }.map {
      $0.dropFirst(word.count).lowercased()
    }
  }
}
