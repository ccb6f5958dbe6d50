// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A real lab on this machine, and what of it may be left behind.
struct TestLab {
  let folder: String
  var site: LabSite

  /// Brings a lab up, and takes it down again whatever becomes of it.
  static func with(nodes: Int = 1, _ body: (TestLab) async throws -> Void) async throws {
    let folder = try makeFolder()
    let spec = "\(folder)/cluster.yaml"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let id: String
    do {
      let site = try await LabSite.up(
        try ExampleCluster.make(nodes: nodes), spec: spec, program: try program(), progress: { _ in })
      id = site.id
      try await body(TestLab(folder: folder, site: site))
    } catch {
      _ = try await LabSite.down(beside: spec, progress: { _ in })
      throw error
    }
    _ = try await LabSite.down(beside: spec, progress: { _ in })
    #expect(try await leftovers(of: id) == [])
  }

  /// A folder with a `cluster.yaml`: one that only has to exist, or the repository's example.
  static func makeFolder(example: Bool = false) throws -> String {
    let folder = NSTemporaryDirectory() + "lab-test-\(LabSite.randomText(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard example else {
      try Data().write(to: URL(fileURLWithPath: "\(folder)/cluster.yaml"))
      return folder
    }
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    for name in ["cluster.yaml", "images"] {
      try FileManager.default.copyItem(atPath: repository.appending(path: name).path, toPath: "\(folder)/\(name)")
    }
    return folder
  }

  /// `cluster`, which the package manager builds beside the tests.
  static func program() throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("cluster").path
    try #require(FileManager.default.isExecutableFile(atPath: beside), "\(beside) is not built")
    return beside
  }

  /// Everything on this machine that carries a lab's id.
  static func leftovers(of id: String) async throws -> [String] {
    var found = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns"))?.filter { $0.contains(id) } ?? []
    for root in (try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? [] {
      let path = "/sys/fs/cgroup/\(root)/cluster-lab-\(id)"
      if LabFiles.exists(path) { found.append(path) }
    }
    for path in ["\(LabSite.stateRoot)/\(id)", "/sys/fs/cgroup/cluster-lab-\(id)"] where LabFiles.exists(path) {
      found.append(path)
    }
    found += (LabFiles.text("/proc/self/mounts") ?? "").split(separator: "\n").map(String.init).filter {
      $0.contains(id)
    }
    found += try await Command.run("losetup", ["--all"]).text.split(separator: "\n").map(String.init)
      .filter { $0.contains(id) }
    let processes = try await Command.run("ps", ["-eo", "pid,stat,args"]).text.split(separator: "\n").map(String.init)
    found += processes.filter { $0.contains(id) && !$0.contains(" Z") }
    let bases = (try? FileManager.default.contentsOfDirectory(atPath: "\(LabSite.cacheRoot)/bases")) ?? []
    return found + bases.filter { $0.contains(id) }
  }

  func machine(_ name: String) throws -> LabMachine { try #require(site.machine(HostID(name))) }

  func power(_ name: String, _ action: PowerSwitch.Action) async throws {
    try await PowerSwitch(try machine(name), of: site).perform(action)
  }

  func ssh(_ head: String, _ command: String) async throws -> CommandResult {
    try await Command.run("ssh", ["-F", site.sshConfig, "-o", "ConnectTimeout=3", head, command])
  }

  func ipmi(_ machine: String, _ arguments: [String], password: String? = nil) async throws -> CommandResult {
    let bmc = try #require(try self.machine(machine).bmc)
    let right = try #require(LabFiles.text("\(site.secretsDirectory)/\(bmc.password.name)"))
    let argv = site.inside(
      ["ipmitool", "-I", "lanplus", "-C", "3", "-H", "\(bmc.address)", "-U", bmc.user, "-E"] + arguments)
    return try await Command.run(
      argv[0], Array(argv.dropFirst()), environment: ["IPMI_PASSWORD": password ?? right], deadline: .seconds(60))
  }

  func console(_ name: String) throws -> String { LabFiles.text(site.console(of: try machine(name))) ?? "" }

  /// Waits until a machine is in a phase, or shows its console.
  func wait(_ name: String, _ what: String, until condition: (MachineStatus, String) -> Bool) async throws {
    let machine = try machine(name)
    do {
      try await Poll.until(.seconds(60), every: .milliseconds(50), what) { () throws(AgentError) in
        condition(site.status(of: machine) ?? MachineStatus(.off), LabFiles.text(site.console(of: machine)) ?? "")
      }
    } catch {
      Issue.record("\(name): \(what): \(error)\n\(try console(name))")
      throw error
    }
  }
}
