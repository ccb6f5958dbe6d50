// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// A BMC protocol as the agent speaks it. Each is in a folder beside this file.
protocol AgentPowerProtocol: PowerProtocol {
  static func control(of bmc: BMC, password: String) -> any MachinePower
  /// The UUID that this machine's own BMC tells over a bus of the machine. Nil: there is none, or it tells none.
  static func ownUUID() async throws(AgentError) -> SystemUUID?
}

/// The power switch of one machine.
protocol MachinePower: Sendable {
  func status() async throws(AgentError) -> PowerState
  /// Gives the order, and does not wait until it is so.
  func order(_ state: PowerState) async throws(AgentError)
  /// The next boot, and only that one, is over the network. Throws where the BMC then says otherwise.
  ///
  /// - Parameter uefi: by UEFI's own network stack, and not by that of a BIOS.
  func bootFromNetworkOnce(uefi: Bool) async throws(AgentError)
  /// Throws `.bmcPrivilege` where the account may look and not switch, as far as that can be told without switching.
  func requireSwitching() async throws(AgentError)
  /// Notes on this head what was found out of how the BMC is spoken to.
  func remember() throws(AgentError)
  /// The UUID of the machine that the BMC is part of, as the BMC tells it. Nil: it tells none.
  func systemUUID() async throws(AgentError) -> SystemUUID?
}

/// A machine's power, whatever its BMC speaks: orders are followed until the BMC says that it is so.
struct PowerControl {
  /// A machine that was told to switch does so within this time, or its BMC has lied.
  private static let patience = Duration.seconds(45)

  private let bmc: BMC
  private let machine: any MachinePower

  init(_ bmc: BMC, _ secrets: Secrets) throws(AgentError) {
    self.bmc = bmc
    func word(_ secret: SecretRef) throws(AgentError) -> String {
      guard let bytes = secrets[secret] else {
        throw AgentError(
          .notFound, "There is no \(secret) for the \(bmc.words)",
          next: "Put the password into the secrets folder as \(secret.name).")
      }
      // Files end with a newline; passwords do not.
      return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    }
    if let agent = bmc.agent {
      var words = agent.parameters
      for (parameter, secret) in agent.secrets { words[parameter] = try word(secret) }
      machine = FenceAgentControl(bmc, agent: agent.name, told: words)
    } else {
      machine = try Self.speech(of: bmc).control(of: bmc, password: try word(bmc.password))
    }
  }

  /// The protocol of a BMC.
  static func speech(of bmc: BMC) throws(AgentError) -> any AgentPowerProtocol.Type {
    if let speech = PowerProtocols.named(bmc.protocol) as? any AgentPowerProtocol.Type { return speech }
    throw AgentError(
      .protocolMismatch, "The agent does not speak \(bmc.protocol.rawValue) with the BMC at \(bmc.address)",
      next: "Use the cluster and cluster-agent of one build.")
  }

  func status() async throws(AgentError) -> PowerState { try await machine.status() }
  func remember() throws(AgentError) { try machine.remember() }
  func bootFromNetworkOnce(uefi: Bool) async throws(AgentError) { try await machine.bootFromNetworkOnce(uefi: uefi) }

  /// Throws where the BMC is that of this very machine: two addresses of the description are exchanged, and the order
  /// for another machine would end this one. Whose BMC it is is not known where one of both tells no UUID.
  func requireOther() async throws(AgentError) {
    let own = try await SystemUUID.ofThisMachine()
    guard !own.isEmpty, let theirs = try await machine.systemUUID() else { return }
    guard own.contains(where: theirs.isSame) else { return }
    throw AgentError(
      .conflict, "The BMC at \(bmc.address) is that of this head itself", cause: "both tell the UUID \(theirs)",
      next: "Correct the addresses of the BMCs in the description: two of them are exchanged.")
  }

  /// Throws where two addresses lead to the same BMC.
  func requireAnother(than other: PowerControl) async throws(AgentError) {
    guard let ours = try await machine.systemUUID(), let theirs = try await other.machine.systemUUID() else { return }
    guard ours.isSame(as: theirs) else { return }
    throw AgentError(
      .conflict, "The BMCs at \(bmc.address) and \(other.bmc.address) are the same one",
      cause: "both tell the UUID \(ours)", next: "Correct the addresses of the BMCs in the description.")
  }

  /// Throws where the BMC is not that of this machine, which is described as `name`.
  ///
  /// - Returns: The UUID that both tell. Nil: one of them tells none, and it cannot be said whose BMC it is.
  func requireOwn(_ name: HostID) async throws(AgentError) -> SystemUUID? {
    let own = try await SystemUUID.ofThisMachine()
    guard let first = own.first, let theirs = try await machine.systemUUID() else { return nil }
    if own.contains(where: theirs.isSame) { return theirs }
    throw AgentError(
      .conflict, "The BMC at \(bmc.address) is not that of \(name)",
      cause: "it tells the UUID \(theirs), and \(name) is \(first)",
      next: "Correct heads.\(name).bmc.address: the order to switch \(name) off would hit another machine. If the "
        + "address is right, run `modprobe ipmi_devintf` on \(name), so that it can ask its BMC itself, and apply again."
    )
  }

  func requireSwitching() async throws(AgentError) { try await machine.requireSwitching() }

  /// Switches, and waits until the BMC says that it is so.
  func set(_ state: PowerState) async throws(AgentError) {
    if state == .off { try await requireOther() }
    try await machine.order(state)
    try machine.remember()
    let deadline = ContinuousClock.now + Self.patience
    while try await status() != state {
      guard ContinuousClock.now < deadline else {
        throw AgentError(
          .bmcLies,
          "The \(bmc.words) took the order to switch its machine \(state.rawValue), but reports the opposite "
            + "after \(Self.patience)",
          next: "Check the machine's power supply, and restart what switches it if need be.")
      }
      do { try await ContinuousClock().sleep(for: .milliseconds(500)) } catch {
        throw AgentError(
          .cancelled, "Stopped while waiting for the \(bmc.words)", next: "Run `cluster apply` again.")
      }
    }
  }

  /// Off and on again; from off, only on.
  func cycle() async throws(AgentError) {
    if try await status() == .on { try await set(.off) }
    try await set(.on)
  }
}

extension EnsurePower: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let power = try PowerControl(bmc, context.secrets)
    if try await power.status() == state {
      return Outcome(changed: false, detail: "\(of.name) is \(state.rawValue)")
    }
    try of.note(state)
    try await power.set(state)
    // It may have reported until this moment.
    if state == .off { try of.note(.off) }
    return Outcome(changed: true, detail: "switched \(of.name) \(state.rawValue)")
  }
}

extension EnsurePowerCycled: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let note = try PowerCycles.read(bmc.key)
    if note == PowerCycles.Note(token: token, isOn: true) {
      return Outcome(changed: false, detail: "\(of.name) was switched off and on by run \(token)")
    }
    let power = try PowerControl(bmc, context.secrets)
    if note?.token != token {
      if try await power.status() == .on {
        context.progress("switching \(of.name) off")
        try of.note(.on)
        try await power.set(.off)
      }
      try PowerCycles.write(PowerCycles.Note(token: token, isOn: false), bmc.key)
    }
    context.progress("switching \(of.name) on")
    // What it said until now was said by the boot that has just ended.
    try of.note(.on)
    try await power.set(.on)
    try PowerCycles.write(PowerCycles.Note(token: token, isOn: true), bmc.key)
    return Outcome(changed: true, detail: "switched \(of.name) off and on")
  }
}

extension PoweredMachine {
  /// Says in the boot log that a node's power is switched, so that what it reported before does not count any more.
  fileprivate func note(_ state: PowerState) throws(AgentError) {
    if let mac { try BootLog.notePower(of: mac, state) }
  }
}

extension PowerProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> PowerState {
    try await PowerControl(bmc, context.secrets).status()
  }
}

extension PowerCycleProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> String? {
    let note = try PowerCycles.read(key)
    return note?.isOn == true ? note?.token : nil
  }
}

/// The last power cycle of each machine: `/var/lib/cluster/power/ADDRESS.json`, with more in its name where an address
/// is that of several switches.
private enum PowerCycles {
  struct Note: Hashable, Codable {
    var token: String
    /// The machine is on again. Until then it has been switched off.
    var isOn: Bool
  }

  private static func path(_ key: String) -> String { "/var/lib/cluster/power/\(key).json" }

  static func read(_ key: String) throws(AgentError) -> Note? {
    try DurableJSON.read(Note.self, from: path(key))
  }

  static func write(_ note: Note, _ key: String) throws(AgentError) {
    try DurableJSON.write(note, to: path(key))
  }
}
