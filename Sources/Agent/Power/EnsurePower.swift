// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

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
    let note = try PowerCycles.read(bmc.address)
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
      try PowerCycles.write(PowerCycles.Note(token: token, isOn: false), bmc.address)
    }
    context.progress("switching \(of.name) on")
    // What it said until now was said by the boot that has just ended.
    try of.note(.on)
    try await power.set(.on)
    try PowerCycles.write(PowerCycles.Note(token: token, isOn: true), bmc.address)
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
    let note = try PowerCycles.read(address)
    return note?.isOn == true ? note?.token : nil
  }
}

/// The last power cycle at each BMC: `/var/lib/cluster/power/ADDRESS.json`.
private enum PowerCycles {
  struct Note: Hashable, Codable {
    var token: String
    /// The machine is on again. Until then it has been switched off.
    var isOn: Bool
  }

  private static func path(_ address: IPv4Address) -> String { "/var/lib/cluster/power/\(address).json" }

  static func read(_ address: IPv4Address) throws(AgentError) -> Note? {
    try DurableJSON.read(Note.self, from: path(address))
  }

  static func write(_ note: Note, _ address: IPv4Address) throws(AgentError) {
    try DurableJSON.write(note, to: path(address))
  }
}
