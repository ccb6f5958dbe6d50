// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// A fence agent beside a head's BMC, as an item of `heads.X.fencing`.
enum FenceAgentSection: Section {
  /// The bare word `bmc` stands for the head's BMC.
  struct Declaration: Sendable {
    var isBMC: Bool
    var agent: Located<String>?
    var parameters: [Named<String>]
    var secrets: [Named<SecretRef>]

    /// The way that it describes. Nil: not all of it could be read.
    var method: FencingMethod? {
      if isBMC { return .bmc }
      guard let agent else { return nil }
      func values<Value>(_ table: [Named<Value>]) -> [String: Value] {
        Dictionary(table.compactMap { entry in entry.value.map { (entry.name.value, $0) } }) { first, _ in first }
      }
      return .agent(FenceAgent(name: agent.value, parameters: values(parameters), secrets: values(secrets)))
    }
  }

  static let noun = "a fence agent"
  static let doc = "A way to switch the head off that does not need its BMC, such as a switched power strip."

  static let agent = Key(
    "agent", .fenceAgent, required: true, "The agent, one of Debian's package fence-agents: fence_apc_snmp.")
  static let parameters = Key(
    "parameters", .table("a mapping of parameters", named: .fenceParameter, of: .fenceValue, minimum: 1),
    required: true,
    "Its parameters, as its manual page names them: `{ ip: 10.3.0.9, plug: 4 }`. Those for passwords go below `secrets`."
  )
  static let secrets = Key(
    "secrets", .table("a mapping of parameters to secrets", named: .fenceParameter, of: .secret),
    "Parameters whose values are secrets: `{ password: secret:pdu }`. Default: none.")

  static let keys = [agent.description, parameters.description, secrets.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    read(fields, parameters, secrets, &problems)
  }

  fileprivate static func read(
    _ fields: Fields, _ parameters: Key<[Named<String>]>, _ secrets: Key<[Named<SecretRef>]>,
    _ problems: inout Problems
  ) -> Declaration {
    let named = fields.read(parameters, &problems)?.value ?? []
    for entry in named where FenceAgent.isSecret(entry.name.value) {
      problems.error(
        .literalSecret, "`\(shown(entry.name.value))` is a secret.",
        help: "Move it below `secrets`, with the name of a secret: `\(shown(entry.name.value)): secret:NAME`.",
        at: entry.name.span)
    }
    return Declaration(
      isBMC: false, agent: fields.read(agent, &problems), parameters: named,
      secrets: fields.read(secrets, &problems)?.value ?? [])
  }

  /// The ways to switch a head off, in the order in which they are tried.
  static var methods: Form<[Located<Declaration>]> {
    let list = Form<[Located<Declaration>]>.list(of: bmcOrAgent, "a list such as [bmc, { agent: … }]", minimum: 1)
    return Form(noun: list.noun, schema: list.schema) { node, problems in
      guard let methods = list.read(node, &problems) else { return nil }
      let named = methods.filter(\.value.isBMC).count
      if named != 1 {
        problems.error(
          .fencingLevels, named == 0 ? "`fencing` leaves out the BMC." : "`fencing` names the BMC \(named) times.",
          help: "Write `bmc` once, where it is to be tried: `fencing: [bmc, { agent: … }]`.", at: node.firstLine)
      }
      return methods
    }
  }

  private static var bmcOrAgent: Form<Declaration> {
    let agent = form
    let word = Form<Bool>.choice([("bmc", true)], what: "a way to switch a head off")
    let schema = SchemaValue.members(["anyOf": .list([word.schema, agent.schema])])
    return Form(noun: "bmc, or { agent: …, parameters: … }", schema: schema) { node, problems in
      if case .mapping = node.content { return agent.read(node, &problems) }
      return word.read(node, &problems).map { Declaration(isBMC: $0, agent: nil, parameters: [], secrets: []) }
    }
  }
}

/// A fence agent that switches the nodes of a group, with what differs between them counting up.
enum NodePowerSection: Section {
  typealias Declaration = FenceAgentSection.Declaration

  static let noun = "a fence agent"
  static let doc = "What switches nodes that have no BMC: a switched power strip, a hypervisor."

  static let parameters = Key(
    "parameters", .table("a mapping of parameters", named: .fenceParameter, of: .fenceValue, minimum: 1),
    required: true,
    "Its parameters, as its manual page names them. `ip` is the address of its device. Digits with `+` at the end of "
      + "a value count up with the names: `{ ip: 10.3.0.9, plug: 4+ }`. Those for passwords go below `secrets`.")
  static let secrets = Key(
    "secrets", .table("a mapping of parameters to secrets", named: .fenceParameter, of: .secret, minimum: 1),
    required: true, "Parameters whose values are secrets: `{ password: secret:pdu }`.")

  static let keys = [FenceAgentSection.agent.description, parameters.description, secrets.description]

  static func read(_ fields: Fields, _ problems: inout Problems) -> Declaration {
    let power = FenceAgentSection.read(fields, parameters, secrets, &problems)
    guard let agent = power.agent, !power.parameters.isEmpty else { return power }
    let ip = power.parameters.first { $0.name.value == "ip" }
    if let ip, let value = ip.value, IPv4Address(value) == nil {
      problems.error(
        .powerAgent, "`\(shown(value))` is not an IPv4 address.",
        help: "Write the address of the device itself: names may not be served when power is switched.",
        at: ip.valueSpan)
    } else if ip == nil {
      problems.error(
        .powerAgent, "`\(agent.value)` is not told which device to ask.",
        help: "Write its address among the parameters: `parameters: { ip: 10.3.0.9, plug: 4+ }`.", at: agent.span)
    }
    return power
  }
}

extension FenceAgentSection.Declaration {
  /// The agent for the node with this index in its group.
  func expanded(_ index: Int) -> FenceAgent? {
    guard var agent = method?.agent else { return nil }
    agent.parameters = agent.parameters.mapValues { value in
      guard value.hasSuffix("+"), value.utf8.dropLast().last.map({ (48...57).contains($0) }) == true else {
        return value
      }
      return Counted(first: String(value.dropLast()), counts: true).value(index)
    }
    return agent
  }
}

extension Form where Value == String {
  fileprivate static var fenceAgent: Form {
    text("the name of a fence agent", code: .badName, pattern: "^fence_[a-z0-9_]{1,40}$", examples: ["fence_apc_snmp"])
    { text in
      let name = text.utf8.dropFirst("fence_".count)
      guard text.hasPrefix("fence_"), name.allSatisfy(isSnakeCase), (1...40).contains(name.count) else {
        return .wrong(
          "`\(shown(text))` is not the name of a fence agent.",
          help: "Write the program's name, as `dpkg --listfiles fence-agents` shows it: fence_apc_snmp.")
      }
      return .value(text)
    }
  }

  fileprivate static var fenceParameter: Form {
    text("a parameter of a fence agent", code: .badName, pattern: "^[a-z][a-z0-9_]{0,39}$") { text in
      guard text.utf8.allSatisfy(isSnakeCase), (1...40).contains(text.utf8.count),
        text.utf8.first.map({ (97...122).contains($0) }) == true
      else {
        return .wrong(
          "`\(shown(text))` is not a parameter.", help: "Parameters are written as in `ip` and `snmp_version`.")
      }
      guard !FenceAgent.isReserved(text) else {
        return .wrong(
          "`\(text)` is set by `cluster`.",
          help: "Which head is switched, and how, follows from where the agent stands.")
      }
      return .value(text)
    }
  }

  /// One word: it becomes a line of what the agent reads.
  fileprivate static var fenceValue: Form {
    text("a word", code: .badName, pattern: "^[!-~]{1,200}$") { text in
      guard text.utf8.allSatisfy({ (33...126).contains($0) }), (1...200).contains(text.utf8.count) else {
        return .wrong("`\(shown(text))` is not one word.", help: "Values have no spaces, and 200 characters at most.")
      }
      return .value(text)
    }
  }
}
