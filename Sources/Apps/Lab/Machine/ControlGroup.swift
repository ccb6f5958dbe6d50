// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// A control group of the same path in every hierarchy of the machine: cgroup v1, hybrid or v2.
///
/// Containers must not share one, or stopping a unit in one machine kills that unit's processes in another. It is also
/// how everything of a machine or a lab is found when it has to end.
struct ControlGroup {
  /// Relative to each hierarchy's root.
  var path: String
  private let roots: [String]

  init(_ path: String) {
    self.path = path
    let mounts = LabFiles.text("/proc/self/mounts") ?? ""
    roots = mounts.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      return fields.count > 3 && (fields[2] == "cgroup" || fields[2] == "cgroup2") ? String(fields[1]) : nil
    }
  }

  private var folders: [String] { roots.map { "\($0)/\(path)" } }

  func create() throws(AgentError) {
    guard !roots.isEmpty else {
      throw AgentError(.invalid, "No cgroup hierarchy is mounted", next: "Mount /sys/fs/cgroup, then try again.")
    }
    for root in roots {
      var folder = root
      for part in path.split(separator: "/") {
        folder += "/\(part)"
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
          throw AgentError(
            .permission, "The control group \(folder) could not be made", cause: String(cString: strerror(errno)),
            next: "Run the lab as root, where /sys/fs/cgroup is writable.")
        }
        // cpuset of cgroup v1: a group without CPUs and memory nodes takes no process.
        for file in ["cpuset.cpus", "cpuset.mems"]
        where LabFiles.exists("\(root)/tasks") && LabFiles.exists("\(root)/\(file)") {
          Self.put(LabFiles.text("\(root)/\(file)") ?? "", into: "\(folder)/\(file)")
        }
      }
    }
  }

  /// Moves this process there.
  func join() throws(AgentError) {
    for folder in folders where !Self.put("0", into: "\(folder)/cgroup.procs") {
      throw AgentError(
        .invalid, "The control group \(folder) could not be joined", cause: String(cString: strerror(errno)),
        next: "Remove the lab with `cluster lab down`, then try again.")
    }
  }

  /// Every process in it or below, each once.
  var processes: Set<pid_t> {
    var found: Set<pid_t> = []
    for folder in subtree {
      let list = LabFiles.text("\(folder)/cgroup.procs") ?? ""
      // 0 stands for a process of another PID namespace.
      found.formUnion(list.split(separator: "\n").compactMap { pid_t($0) }.filter { $0 > 0 })
    }
    found.remove(getpid())
    return found
  }

  /// Kills everything in it or below, and waits until all of it is gone.
  func killAll(within limit: Duration = .seconds(10)) async throws(AgentError) {
    let deadline = ContinuousClock.now + limit
    while true {
      let left = processes
      if left.isEmpty { return }
      for pid in left { kill(pid, SIGKILL) }
      guard ContinuousClock.now < deadline else {
        throw AgentError(
          .deadline, "Processes of \(path) do not end", cause: left.sorted().map(String.init).joined(separator: " "),
          next: "Check them in /proc; they may be waiting for a disk.")
      }
      try await Poll.pause(.milliseconds(5))
    }
  }

  /// Removes it with all that is below. Its processes must have ended.
  func remove() async throws(AgentError) {
    try await Poll.until(.seconds(5), "the control group \(path) is empty") { () -> Bool in
      for folder in subtree.reversed() { rmdir(folder) }
      return !folders.contains(where: LabFiles.exists)
    }
  }

  /// Parents before children.
  private var subtree: [String] {
    var result: [String] = []
    var open = folders
    while let folder = open.popLast() {
      guard let children = Self.subfolders(of: folder) else { continue }
      result.append(folder)
      open += children.map { "\(folder)/\($0)" }
    }
    return result
  }

  /// The names of subfolders, or nil where there is no such folder.
  private static func subfolders(of folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Kernel files want one write(2), not a rename.
  @discardableResult
  private static func put(_ text: String, into path: String) -> Bool {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return write(file, text, text.utf8.count) == text.utf8.count
  }
}
