// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// Machines that found no script of their own, as a boot log tells of them: see `BootScript.discover`.
struct UnnamedMachineLog {
  /// Seconds since 1970, by the clock that wrote the log.
  private let now: Int
  private var machines: [MACAddress: UnnamedMachine] = [:]

  init(now: Int) { self.now = now }

  /// One that has got its script since has a name.
  mutating func add(_ event: BootEvent) {
    switch event.what {
    case .script(let mac): machines[mac] = nil
    case .report(let fields) where fields["event"] == "discover":
      guard let mac = fields["mac"].flatMap({ MACAddress($0) }), !mac.isMulticast else { return }
      let age = max(0, now.minus(event.at / 1000))
      let first = machines[mac]?.firstHeard ?? age
      if machines[mac] == nil, machines.count >= UnnamedMachine.most { return }
      machines[mac] = UnnamedMachine(
        mac: mac, maker: fields["manufacturer"] ?? "", product: fields["product"] ?? "",
        serial: fields["serial"] ?? "", firstHeard: max(first, age), lastHeard: age)
    case .report, .image, .capture: return
    }
  }

  /// In the order of their MAC addresses.
  var all: [UnnamedMachine] { machines.values.sorted { $0.mac < $1.mac } }
}

extension UnnamedMachinesProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [UnnamedMachine] {
    var log = UnnamedMachineLog(now: Int(time(nil)))
    try BootLog.events { log.add($0) }
    return log.all
  }
}
