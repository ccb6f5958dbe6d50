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

  package mutating func perform(
    _ operation: Operation, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    if operation.mayEndReports { hear() }
    switch operation {
    case .ensureImage(let recipe): return try ensureImage(recipe, on: host)
    case .ensureImageFetched(let name, let digest, let from):
      return try ensureImageFetched(name: name, digest: digest, from: from, on: host)
    case .ensureImageAbsent(let name, let digest): return ensureImageAbsent(name: name, digest: digest, on: host)
    case .ensureCapture(let recipe): return ensureCapture(recipe, on: host)
    case .ensureClone(let goal): return try ensureClone(goal, on: host, secrets)
    case .ensureCloneAbsent(let head): return ensureCloneAbsent(head: head, on: host)
    case .ensurePower(let bmc, let state): return try ensurePower(bmc, state, secrets)
    case .ensureNode(let goal):
      try begin(operation, on: host, secrets)
      return try ensureNode(goal, on: host, secrets)
    case .ensureCIB(let goal): return try ensureCIB(goal, on: host)
    case .ensureFencingProven(let goal): return try ensureFencingProven(goal, on: host, secrets)
    default:
      guard var machine = machines[host] else {
        throw AgentError(.unreachable, "\(host) does not exist", next: "Add it to the fake site.")
      }
      do throws(AgentError) {
        let outcome = try machine.perform(operation, secrets)
        machines[host] = machine
        settle()
        return outcome
      } catch {
        // What went wrong half-way leaves what was done before, as on a real disk.
        machines[host] = machine
        throw error
      }
    }
  }
}

extension Operation {
  /// Whether nodes may not be heard any more afterwards. One that is to restart is heard as that begins.
  fileprivate var mayEndReports: Bool {
    switch self {
    case .ensureFile(let goal): goal.path == "/etc/nginx/nginx.conf"
    case .ensureUnit(let goal): goal.name == "nginx.service"
    case .ensureLink, .ensureAddress, .ensureCIB, .ensurePower: true
    default: false
    }
  }
}

extension FakeMachine {
  /// Operations that concern one machine alone.
  fileprivate mutating func perform(_ operation: Operation, _ secrets: Secrets) throws(AgentError) -> Outcome {
    switch operation {
    case .ensureFile(let goal): try ensureFile(goal)
    case .ensureSecretFile(let goal): try ensureSecretFile(goal, secrets)
    case .ensureSymbolicLink(let path, let target): try ensureSymbolicLink(path: path, target: target)
    case .ensureFileAbsent(let path): try ensureFileAbsent(path: path)
    case .ensureTree(let goal): try ensureTree(goal)
    case .ensureTreeAbsent(let root): try ensureTreeAbsent(root: root)
    case .ensurePackages(let names): try ensurePackages(names)
    case .ensurePackagesAbsent(let names): try ensurePackagesAbsent(names)
    case .ensureUnit(let goal): try ensureUnit(goal)
    case .ensureHostname(let name): ensureHostname(name)
    case .ensureLink(let goal): try ensureLink(goal)
    case .ensureAddress(let interface, let address, let prefix):
      try ensureAddress(interface: interface, address: address, prefix: prefix)
    case .ensureImage, .ensureImageFetched, .ensureImageAbsent, .ensureCapture, .ensureClone, .ensureCloneAbsent,
      .ensurePower, .ensureNode, .ensureCIB, .ensureFencingProven:
      throw AgentError(.invalid, "\(operation.name) concerns other machines too", next: "Ask the simulated site.")
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
