// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A machine with an operating system and nothing else: the most there can be to plan.
enum BareMachine {
  static func inventory(_ questions: [HostID: [Probe]], reachable: Set<HostID>) -> Inventory {
    var hosts: [HostID: Inventory.Host] = [:]
    for (host, probes) in questions {
      hosts[host] =
        reachable.contains(host)
        ? .answered(Dictionary(probes.map { ($0, answer($0, host)) }) { first, _ in first })
        : .unreachable(AgentError(.unreachable, "\(host) does not exist yet", next: "Install it."))
    }
    return Inventory(hosts: hosts, observedAt: 0)
  }

  private static func answer(_ probe: Probe, _ host: HostID) -> Answer {
    switch probe {
    case .system:
      .system(
        SystemState(hostname: "debian", machineID: "0", operatingSystem: "Debian", bootID: "0", uptimeSeconds: 60))
    case .file: .file(.absent)
    case .secretFile: .secretFile(.absent)
    case .tree: .tree(TreeState(exists: false, files: [:]))
    case .packages: .packages([:])
    case .unit:
      .unit(UnitState(exists: false, enabled: false, masked: false, active: "inactive", configuration: .notRunning))
    case .links: .links([])
    case .image: .image(nil)
    case .clone: .clone(nil)
    case .corosync: .corosync(nil)
    case .cib: .cib(nil)
    case .storedCIB: .storedCIB(nil)
    case .crmMon: .crmMon(nil)
    case .fencing: .fencing(nil)
    case .nodeReports: .nodeReports([])
    case .power: .power(.off)
    }
  }
}
