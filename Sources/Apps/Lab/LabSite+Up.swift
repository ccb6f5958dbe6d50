// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

extension LabSite {
  /// Brings a cluster's twin up, or adds what is missing to the one that is up.
  ///
  /// At the end the plain heads answer SSH, and everything else is powered off behind its BMC. What was begun by an
  /// `up` that died is gone on with.
  ///
  /// - Parameters:
  ///   - virtual: nodes and heads that QEMU emulates.
  ///   - minimal: plain heads without ifupdown, rsyslog and cron.
  ///   - preinstalled: packages that plain heads have besides.
  ///   - program: the `cluster` program, which machines and BMCs run; the lab takes a copy.
  ///   - progress: one line per step.
  package static func up(
    _ cluster: Cluster, spec: String, scope: Scope = .all, virtual: Set<HostID> = [], minimal: Bool = false,
    preinstalled: [String] = [], program: String, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> LabSite {
    try VirtualMachines(names: virtual, cluster: cluster).check()
    try checkCards(of: cluster)
    try checkSwitches(of: cluster)
    try LabRequirements.check(
      virtual: !virtual.isEmpty,
      uefi: cluster.heads.contains { virtual.contains($0.name) && $0.firmware == .uefi })
    let spec = URL(fileURLWithPath: spec).standardizedFileURL.path
    return try await LabLock.holdNow(existing: spec) { () throws(AgentError) in
      try await bringUp(
        cluster, spec: spec, scope: scope, virtual: virtual, minimal: minimal, preinstalled: preinstalled,
        program: program, progress: progress)
    }
  }

  private static func bringUp(
    _ cluster: Cluster, spec: String, scope: Scope, virtual: Set<HostID>, minimal: Bool, preinstalled: [String],
    program: String, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> LabSite {
    let pointer = try pointer(beside: spec)
    let id = pointer?.id ?? randomText(6)
    let before = try pointer.map { (pointer) throws(AgentError) in try load(stateDirectory: pointer.state) } ?? nil
    var site = LabSite(
      cluster: cluster, id: id, spec: spec, program: "\(stateRoot)/\(id)/cluster", scope: scope, virtual: virtual)
    // Heads that are installed stay what they are.
    site.isMinimal = before.map { $0.isMinimal == true } ?? minimal
    site.preinstalled = before.map { $0.preinstalled ?? [] } ?? preinstalled
    if let before {
      try site.keepHeads(of: before, virtual: virtual)
      try site.refuseChangedMachines(before)
    }
    try site.save()
    progress("lab \(id) for cluster \(cluster.name)")
    try site.copyProgram(program)
    try LabRequirements.raiseLimits(for: site, progress)
    try await site.makeNetworks(before: before)
    try await PackageProxy(site).start()
    progress("networks \(site.networks.map(\.name).joined(separator: ", ")); packages through \(PackageProxy.port)")
    try await site.makeMachines(progress)
    try await site.startHeads(progress)
    return site
  }

  /// A plain head has a kernel where its clones are virtual: it was installed with one, or without.
  private mutating func keepHeads(of before: LabSite, virtual: Set<HostID>) throws(AgentError) {
    for index in machines.indices where machines[index].role == .head {
      guard let old = before.machine(machines[index].name) else { continue }
      guard old.hardware == .vm || !virtual.contains(old.name) else {
        throw AgentError(
          .conflict, "\(old.name) is a container in this lab", next: "Take the lab down with `cluster lab down` first.")
      }
      machines[index].hardware = old.hardware
    }
  }

  /// A machine that has other cards or another disk than in the running lab would be another machine.
  private func refuseChangedMachines(_ before: LabSite) throws(AgentError) {
    for machine in before.machines {
      guard let now = self.machine(machine.name), now.ports.map(\.mac) != machine.ports.map(\.mac),
        PowerSwitch(machine, of: before).isOn
      else { continue }
      throw AgentError(
        .conflict, "\(machine.name) is on, with other network cards than cluster.yaml now says",
        next: "Switch it off with `cluster lab power \(machine.name) off`, then run `cluster lab up` again.")
    }
  }

  /// A rebuild replaces the program while machines and BMCs run; theirs stays.
  private func copyProgram(_ path: String) throws(AgentError) {
    guard !LabFiles.exists(program) else { return }
    try LabFiles.attempt("\(path) could not be copied") {
      let temporary = "\(program).new"
      if LabFiles.exists(temporary) { try FileManager.default.removeItem(atPath: temporary) }
      try FileManager.default.copyItem(atPath: path, toPath: temporary)
      try FileManager.default.moveItem(atPath: temporary, toPath: program)
    }
  }

  private func makeMachines(_ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    try await makeAccess()
    let base = BaseRoot(site: self)
    if machines.contains(where: { $0.disk == .debian }), !base.isBuilt {
      progress("base root: Debian \(BaseRoot.suite), built once and kept")
      try await base.build(progress)
    }
    for machine in machines {
      switch machine.disk {
      case .debian: try DebianHead(site: self, machine: machine).install()
      case .empty:
        try makeEmptyDisk(diskFile(of: machine))
        try await makeDataDisk(dataFile(of: machine))
      case .none: try LabFiles.makeDirectory(directory(of: machine))
      }
      if machine.stateDisk != nil { try makeEmptyDisk(stateDiskFile(of: machine), bytes: 512 << 20) }
      if !LabFiles.exists(statusFile(of: machine)) {
        try LabFiles.writeJSON(MachineStatus(.off), to: statusFile(of: machine))
      }
      if let bmc = machine.bmc { try await BoardController(site: self, machine: machine, bmc: bmc).start() }
      if let outlet = machine.outlet {
        try await BoardController(site: self, machine: machine, bmc: outlet, isOutlet: true).start()
      }
    }
    progress("\(machines.count) machines, \(machines.filter { $0.bmc != nil }.count) BMCs")
  }

  /// Sparse: it takes no room until something is written.
  private func makeEmptyDisk(_ path: String, bytes: UInt64 = 4 << 30) throws(AgentError) {
    guard !LabFiles.exists(path) else { return }
    try LabFiles.write("", to: path, mode: 0o600)
    guard truncate(path, off_t(bytes)) == 0 else {
      throw AgentError(
        .diskFull, "The disk \(path) could not be made", cause: String(cString: strerror(errno)),
        next: "Use a file system that holds sparse files of \(bytes >> 30) GiB.")
    }
  }

  private func makeDataDisk(_ path: String) async throws(AgentError) {
    guard !LabFiles.exists(path) else { return }
    let unfinished = "\(path).new"
    try LabFiles.remove(unfinished)
    try makeEmptyDisk(unfinished, bytes: 64 << 20)
    try await Command.checked(
      "mkfs.ext4", ["-q", "-L", "data", unfinished], next: "Check that e2fsprogs is installed.")
    try LabFiles.rename(unfinished, to: path)
  }

  private func startHeads(_ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    for machine in machines where machine.disk == .debian { try await PowerSwitch(machine, of: self).perform(.on) }
    for machine in machines where machine.disk == .debian {
      try await awaitSSH(of: machine)
      progress("\(machine.name) answers SSH on \(machine.ports.first.map { Self.host($0.address) } ?? "?")")
    }
  }

  /// - Parameter limit: nil is enough for what the machine is.
  package func awaitSSH(of machine: LabMachine, within limit: Duration? = nil) async throws(AgentError) {
    let limit = limit ?? .seconds(machine.hardware == .vm ? 600 : 60)
    // In the lab's control group, so that `down` finds it when this process is killed.
    let probe = enter(daemonsGroup, ["ssh", "-F", sshConfig, "-o", "ConnectTimeout=3", machine.name.name, "true"])
    try await Poll.until(limit, every: .milliseconds(50), "\(machine.name) answers SSH") { () throws(AgentError) in
      if status(of: machine)?.phase == .hung {
        throw AgentError(
          .unreachable, "\(machine.name) did not start", cause: status(of: machine)?.detail,
          next: "Check its console: cluster lab console \(machine.name)")
      }
      return try await Command.run(probe[0], Array(probe.dropFirst())).succeeded
    }
  }
}
