// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

extension LabSite {
  /// Takes down the lab of a `cluster.yaml`, whatever became of the `up` that made it. False: there is none.
  package static func down(
    beside spec: String, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Bool {
    let takeDown = { () async throws(AgentError) in
      let pointer = try pointer(beside: spec)
      if let pointer { try await down(pointer: pointer, progress: progress) }
      try forget(beside: spec)
      return pointer != nil
    }
    guard LabFiles.exists(spec) else { return try await takeDown() }
    return try await LabLock.holdNow(existing: spec, takeDown)
  }

  /// Takes down a lab by its id, when the folder it was made from is gone.
  package static func down(
    id: String, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Bool {
    let state = "\(stateRoot)/\(id)"
    guard LabFiles.exists(state) else { return false }
    let spec = try load(stateDirectory: state)?.spec
    try await down(pointer: LabPointer(id: id, state: state), progress: progress)
    if let spec, try pointer(beside: spec)?.id == id { try forget(beside: spec) }
    return true
  }

  private static func down(
    pointer: LabPointer, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) {
    // An `up` that died at once has written nothing but the pointer; what it made is known by the id alone.
    let site =
      try load(stateDirectory: pointer.state)
      ?? LabSite(
        id: pointer.id, cluster: "", spec: "", stateDirectory: pointer.state, cacheDirectory: cacheRoot, program: "",
        mirror: "", resolvers: [], user: "root", networks: [], machines: [])
    let group = ControlGroup(site.controlGroup)
    try await group.killAll()
    progress("everything of lab \(site.id) has ended")
    for machine in site.machines where machine.disk == .empty {
      for disk in site.disks(of: machine) { try await LoopDevices.detach(backing: disk.file) }
    }
    for name in Self.namespaces(of: site.id) {
      try await site.endStrangers(in: name)
      try await site.removeNamespace(name)
    }
    try await group.remove()
    try BaseRoot.removeTemporaries(of: site)
    try LabFiles.remove(site.stateDirectory)
    // Only when no other lab is there.
    rmdir(stateRoot)
    progress("namespaces, control groups and files are removed; caches stay in \(site.cacheDirectory)")
  }

  /// Connections into the lab, such as `cluster lab shell`, are in its namespace but in the control group of who made
  /// them.
  private func endStrangers(in namespace: String) async throws(AgentError) {
    let listing = try await Command.run("ip", ["netns", "pids", namespace])
    for pid in listing.text.split(whereSeparator: \.isWhitespace).compactMap({ pid_t($0) }) where pid != getpid() {
      kill(pid, SIGTERM)
    }
  }

  private static func namespaces(of id: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
    return names.filter { $0 == "cl-\(id)" || $0.hasPrefix("cl-\(id)-") }
  }
}
