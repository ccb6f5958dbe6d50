// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// What a host answers and does, once it is known to be there.
extension FakeWorld {
  /// Each probe's answer, or that the host does not answer at all.
  package func answers(
    _ probes: [Probe], on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> [Probe: Answer] {
    // Looked up once: a machine is much to copy.
    let machine = try machine(host)
    var answers: [Probe: Answer] = Dictionary(minimumCapacity: probes.count)
    for probe in probes { answers[probe] = answer(probe, machine, host, secrets) }
    return answers
  }

  private func answer(_ probe: Probe, _ machine: FakeMachine, _ host: HostID, _ secrets: Secrets) -> Answer {
    if machine.faults.deafTo.contains(probe.word) {
      return .failed(AgentError(.commandFailed, "\(probe.word) cannot be determined", next: "Check the host."))
    }
    do throws(AgentError) {
      return switch probe {
      case .system:
        .system(
          SystemState(
            hostname: machine.hostname, machineID: machine.machineID, operatingSystem: "Debian GNU/Linux 12 (bookworm)",
            bootID: "boot-\(machine.boots)", uptimeSeconds: 60))
      case .file(let path, let contents): .file(machine.file(path, contents: contents))
      case .secretFile(let path, let secret): .secretFile(try machine.secretFile(path, secret, secrets))
      case .tree(let root): .tree(machine.tree(root))
      case .packages(let names): .packages(machine.packages(names))
      case .unit(let name, let configuration): .unit(machine.unit(name, configuration: configuration))
      case .links: .links(machine.links)
      case .image(let name, let digest): .image(machine.images["\(name)/\(digest)"])
      case .clone(let head): .clone(machine.clones[head])
      case .corosync: .corosync(corosync(on: host))
      case .cib: .cib(cib(on: host))
      case .storedCIB: .storedCIB(configured.contains(host) ? cib?.stored : nil)
      case .crmMon: .crmMon(crmMon(on: host))
      case .fencing(let head): .fencing(machine.fencing[head])
      case .nodeReports: .nodeReports(reports(on: host))
      case .power(let bmc): .power(try power(bmc, secrets))
      }
    } catch {
      return .failed(error)
    }
  }
}

extension Probe {
  /// The first word of the case: `links`.
  package var word: String {
    switch self {
    case .system: "system"
    case .file: "file"
    case .secretFile: "secretFile"
    case .tree: "tree"
    case .packages: "packages"
    case .unit: "unit"
    case .links: "links"
    case .image: "image"
    case .clone: "clone"
    case .corosync: "corosync"
    case .cib: "cib"
    case .storedCIB: "storedCIB"
    case .crmMon: "crmMon"
    case .fencing: "fencing"
    case .nodeReports: "nodeReports"
    case .power: "power"
    }
  }
}
