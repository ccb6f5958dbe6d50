// SPDX-License-Identifier: Apache-2.0
import Glibc

/// `ocf:cluster:folder`: the file system of a disk that one head at a time may have mounted.
///
/// Debian's `ocf:heartbeat:Filesystem` takes every mount of a loop device for one of its own when it stops, those in
/// `/dev` of a container too.
struct FolderAgent: ResourceAgent {
  private let call: OCFCall
  private let device: String
  private let folder: String

  init(_ call: OCFCall) {
    self.call = call
    device = call["device"] ?? ""
    folder = call["directory"] ?? ""
  }

  let required = ["device", "directory"]
  var metadata: String { OCFMetadata.folder }

  // MARK: Monitor

  func look() -> OCFResult {
    guard let mounts = SmallFile.read("/proc/self/mounts") else {
      return ResourceAgents.refuse("The mounts of this head cannot be listed", .failed)
    }
    switch MountedFolder.find(folder, in: mounts) {
    case .none: return .notRunning
    // ext4 makes itself so when its disk fails: mount option `errors=`.
    case .readOnly: return ResourceAgents.refuse("\(folder) can only be read: its disk has failed", .failed)
    case .writable: return .success
    }
  }

  func watch() -> OCFResult {
    let end = call.begun + call.stay
    while true {
      let result = look()
      if result != .success || end.left == 0 { return result }
      Pause.milliseconds(min(1000, end.left))
    }
  }

  // MARK: Start and stop

  func start() -> OCFResult {
    if look() == .success { return .success }
    mkdir(folder, 0o755)
    let options = ["errors=remount-ro"] + (call["options"].map { [$0] } ?? [])
    let done = ChildProgram.run(
      ["mount", "-t", "ext4", "-o", options.joined(separator: ","), "--", device, folder], within: call.timeout / 2)
    guard done.status == 0 else {
      return ResourceAgents.refuse("\(device) cannot be mounted at \(folder): \(done.output)", .failed)
    }
    return look()
  }

  /// Whoever still uses it is asked to end, and then ended: Pacemaker fences a head that does not stop something.
  func stop() -> OCFResult {
    let limit = call.begun + call.timeout / 2
    var signal = "-TERM"
    while look() != .notRunning {
      let done = ChildProgram.run(["umount", "--", folder], within: max(1000, limit.left))
      if done.status == 0 { continue }
      if limit.left == 0 {
        return ResourceAgents.refuse("\(folder) cannot be unmounted: \(done.output)", .failed)
      }
      _ = ChildProgram.run(["fuser", "--kill", signal, "--ismountpoint", "--mount", folder], within: 5000)
      signal = "-KILL"
      Pause.milliseconds(250)
    }
    return .success
  }
}

/// A folder among the mounts of proc_pid_mounts(5).
enum MountedFolder {
  case none, readOnly, writable

  static func find(_ folder: String, in mounts: String) -> MountedFolder {
    var found = MountedFolder.none
    // As the kernel writes it there.
    let folder = folder.replacing(" ", with: "\\040")
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      // The last one covers those before it.
      guard fields.count > 3, fields[1] == folder else { continue }
      found = fields[3].split(separator: ",").contains("ro") ? .readOnly : .writable
    }
    return found
  }
}
