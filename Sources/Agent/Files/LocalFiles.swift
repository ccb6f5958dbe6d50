// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// Small files and folders on this machine, for what provisioning keeps: manifests, records, boot scripts.
enum LocalFiles {
  static func exists(_ path: String) throws(AgentError) -> Bool { try facts(path) != nil }

  /// The size in bytes; nil when there is no such file.
  static func size(_ path: String) throws(AgentError) -> Int? { try facts(path).map { Int($0.st_size) } }

  /// Seconds since 1970; 0 when there is no such file.
  static func changedAt(_ path: String) throws(AgentError) -> Int {
    try facts(path).map { Int($0.st_mtim.tv_sec) } ?? 0
  }

  static func isExecutable(_ path: String) throws(AgentError) -> Bool {
    try facts(path).map { $0.st_mode & 0o100 != 0 } ?? false
  }

  /// Looks at a path with stat(2). Nil when there is nothing; any other failure is not absence.
  static func facts(_ path: String) throws(AgentError) -> stat? {
    var facts = stat()
    if stat(path, &facts) == 0 { return facts }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw failure("\(path) cannot be looked at")
  }

  /// Names in a folder, sorted; none when it does not exist.
  static func names(in folder: String) throws(AgentError) -> [String] {
    guard let stream = opendir(folder) else {
      if errno == ENOENT { return [] }
      throw failure("\(folder) cannot be listed")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno == 0 { return names.sorted() }
        throw failure("\(folder) cannot be listed")
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Regular files below a folder, by path relative to it. One that goes away meanwhile is left out.
  static func files(below folder: String, prefix: String = "") throws(AgentError) -> [String] {
    var files: [String] = []
    for name in try names(in: folder) {
      var facts = stat()
      guard lstat("\(folder)/\(name)", &facts) == 0 else {
        if errno == ENOENT { continue }
        throw failure("\(folder)/\(name) cannot be looked at")
      }
      switch facts.st_mode & S_IFMT {
      case S_IFDIR: files += try self.files(below: "\(folder)/\(name)", prefix: "\(prefix)\(name)/")
      case S_IFREG: files.append(prefix + name)
      default: break
      }
    }
    return files
  }

  /// The contents of a file. Nil when there is none.
  static func read(_ path: String) throws(AgentError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("\(path) cannot be read")
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    let chunk = 1 << 16
    while true {
      let before = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: chunk))
      let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress?.advanced(by: before), chunk) }
      bytes.removeLast(chunk - max(0, count))
      guard count >= 0 else { throw failure("\(path) cannot be read") }
      if count == 0 { return bytes }
    }
  }

  /// Readers see the old file or the new one, also after a power failure.
  static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(AgentError) {
    try makeFolders(FileSystem.parent(path))
    try FileSystem.write(bytes, to: path, mode: UInt16(mode))
  }

  static func makeFolders(_ path: String) throws(AgentError) {
    var parent = ""
    for name in path.split(separator: "/") {
      parent += "/" + name
      if mkdir(parent, 0o755) != 0, errno != EEXIST { throw failure("The folder \(parent) cannot be made") }
    }
  }

  /// The new name is there after a power failure too.
  static func rename(_ old: String, to new: String) throws(AgentError) {
    guard Glibc.rename(old, new) == 0 else { throw failure("\(old) cannot be renamed to \(new)") }
    try FileSystem.syncFolder(FileSystem.parent(new))
  }

  /// No error when there is no such file. It does not come back after a power failure.
  static func remove(_ path: String) throws(AgentError) {
    if try FileSystem.remove(path) { try FileSystem.syncFolder(FileSystem.parent(path)) }
  }

  /// Bytes that root may still write below a folder.
  static func freeBytes(at folder: String) throws(AgentError) -> Int {
    var facts = statvfs()
    guard statvfs(folder, &facts) == 0 else { throw failure("The free space of \(folder) cannot be determined") }
    return Int(facts.f_bfree) * Int(facts.f_frsize)
  }

  /// Bytes in use on the file system of a folder.
  static func usedBytes(at folder: String) throws(AgentError) -> Int {
    var facts = statvfs()
    guard statvfs(folder, &facts) == 0 else { throw failure("The used space of \(folder) cannot be determined") }
    return (Int(facts.f_blocks) - Int(facts.f_bfree)) * Int(facts.f_frsize)
  }

  static func requireFree(_ bytes: Int, at folder: String, for purpose: String) throws(AgentError) {
    let free = try freeBytes(at: folder)
    guard free < bytes else { return }
    throw AgentError(
      .diskFull, "\(purpose) needs \(mebibytes(bytes)) below \(folder), and \(mebibytes(free)) are free",
      next: "Free or add space below \(folder), then run `cluster apply` again.")
  }

  static func mebibytes(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }

  static func failure(_ message: String) -> AgentError {
    let number = errno
    let code: AgentError.Code =
      switch number {
      case ENOSPC, EDQUOT: .diskFull
      case EACCES, EPERM, EROFS: .permission
      case ENOENT: .notFound
      default: .commandFailed
      }
    let next =
      switch number {
      case ENOSPC, EDQUOT: "Free some space, and run `cluster apply` again."
      case EROFS: "The file system is read-only: the kernel's log (`dmesg`) gives the reason."
      default: "Check the path on this head, then run `cluster apply` again."
      }
    return AgentError(code, message, cause: String(cString: strerror(number)), next: next)
  }
}

extension LocalFiles {
  /// Paths at which something is mounted: proc_pid_mountinfo(5).
  static func mountPoints() throws(AgentError) -> Set<String> {
    let text = String(decoding: try read("/proc/self/mountinfo") ?? [], as: UTF8.self)
    return Set(
      text.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        return words.count > 6 ? String(words[4].replacing("\\040", with: " ")) : nil
      })
  }
}
