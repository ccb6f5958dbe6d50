// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// Files by system calls, with errors that say what to do.
///
/// Never follows a symbolic link at the end of a path, so that a planted one cannot lead elsewhere.
package enum FileSystem {
  package enum Kind: Hashable, Sendable { case file, folder, link, other }

  package struct Entry: Hashable, Sendable {
    package var kind: Kind
    package var size: Int
    /// Permission bits.
    package var mode: UInt16
    package var uid: UInt32
    package var gid: UInt32
    /// Status change time in nanoseconds since 1970: contents, owner, mode or, for a folder, what is in it.
    package var changed: Int64
  }

  /// The entry at a path, or nil when there is nothing.
  package static func entry(_ path: String) throws(AgentError) -> Entry? {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw failure("\(path) cannot be looked at")
    }
    let kind: Kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    return Entry(
      kind: kind, size: Int(status.st_size), mode: UInt16(status.st_mode & 0o7777), uid: status.st_uid,
      gid: status.st_gid, changed: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec))
  }

  /// Whether there is a file at the end of a path, or where links that are there lead.
  package static func leadsToFile(_ path: String) throws(AgentError) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFREG }
    if errno == ENOENT || errno == ENOTDIR { return false }
    throw failure("\(path) cannot be looked at")
  }

  package static func read(_ path: String, limit: Int = 64 << 20) throws(AgentError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw failure("\(path) cannot be read") }
    defer { _ = close(file) }
    return try read(file, path, limit: limit)
  }

  /// The contents of a file. Nil: there is none. One that others take away while it is looked for is none either.
  package static func contents(_ path: String, limit: Int = 64 << 20) throws(AgentError) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw failure("\(path) cannot be read")
    }
    defer { _ = close(file) }
    return try read(file, path, limit: limit)
  }

  /// Reads all of an open file. Also for files of proc(5), whose size is not known before.
  package static func read(_ file: Int32, _ path: String, limit: Int) throws(AgentError) -> [UInt8] {
    var status = stat()
    // As large as it says, and a byte more to see its end; one of proc(5) says that it is empty.
    var room = fstat(file, &status) == 0 && status.st_size > 0 ? Int(status.st_size) + 1 : 4 << 10
    var bytes: [UInt8] = []
    while true {
      let (more, count) = chunk(file, room)
      if count == 0 { return bytes }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw failure("\(path) cannot be read")
      }
      if bytes.isEmpty { bytes = more } else { bytes += more }
      guard bytes.count <= limit else {
        throw AgentError(
          .invalid, "\(path) is larger than \(limit >> 20) MiB", next: "Check what \(path) is; it should be small.")
      }
      room = min(max(room - count, 4 << 10), 1 << 20)
    }
  }

  /// The bytes of one read(2), and its return value.
  private static func chunk(_ file: Int32, _ room: Int) -> ([UInt8], Int) {
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: min(room, 64 << 20)) { buffer, filled in
      count = Glibc.read(file, buffer.baseAddress, buffer.count)
      filled = max(0, count)
    }
    return (bytes, count)
  }

  package static func text(_ path: String) throws(AgentError) -> String {
    String(decoding: try read(path), as: UTF8.self)
  }

  package static func linkTarget(_ path: String) throws(AgentError) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { readlink(path, $0, bytes.count) } ?? -1 }
    }
    guard count >= 0 else { throw failure("\(path) cannot be read as a link") }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// The program that a process runs, as a path that can be used. Where another run has put the same program into its
  /// place meanwhile, the kernel says so behind the path: proc_pid_exe(5).
  ///
  /// - Parameter link: of the process; this one's unless another is named.
  package static func program(_ link: String = "/proc/self/exe") throws(AgentError) -> String {
    let path = try linkTarget(link)
    let mark = " (deleted)"
    guard path.hasSuffix(mark), try entry(path) == nil else { return path }
    return String(path.dropLast(mark.count))
  }

  /// Names in a folder, sorted, without `.` and `..`.
  package static func names(in folder: String) throws(AgentError) -> [String] {
    guard let stream = opendir(folder) else { throw failure("\(folder) cannot be listed") }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let item = readdir(stream) {
      let name = withUnsafePointer(to: &item.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw failure("\(folder) cannot be listed") }
    return names.sorted()
  }

  /// The meaning of the last system call's `errno`, as an error for the user.
  ///
  /// - Parameter path: what was written to, so that a full file system can be named.
  package static func failure(_ message: String, _ number: Int32 = errno, at path: String? = nil) -> AgentError {
    let cause = String(cString: strerror(number))
    switch number {
    case ENOSPC, EDQUOT:
      let space = path.flatMap { FileSystemSpace(at: $0) }
      return AgentError(
        .diskFull, message, cause: space.map { "\(cause): \($0.text)" } ?? cause,
        next:
          "Free some space on \(space?.mountPoint ?? "the disk") (`df -h`), and apply again: nothing is half written.")
    case EACCES, EPERM, EROFS:
      return AgentError(
        .permission, message, cause: cause,
        next: "Check that the program runs as root, and that the file system is mounted read-write.")
    case ENOENT, ENOTDIR:
      return AgentError(.notFound, message, cause: cause, next: "Check the path.")
    default:
      return AgentError(.commandFailed, message, cause: cause, next: "Check `dmesg` for disk errors.")
    }
  }

  /// The folder that a path is in.
  package static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// The last part of a path.
  package static func name(_ path: String) -> String {
    String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
  }
}

/// How much room is left on the file system that holds a path.
package struct FileSystemSpace: Sendable {
  package let mountPoint: String
  package let freeBytes: UInt64
  package let freeInodes: UInt64

  /// The path need not exist: the nearest folder above that does is asked. Nil when none can be.
  package init?(at path: String) {
    var place = path
    var values = statvfs()
    while statvfs(place, &values) != 0 {
      guard place != "/", place.hasPrefix("/") else { return nil }
      place = FileSystem.parent(place)
    }
    freeBytes = UInt64(values.f_bavail) * UInt64(values.f_frsize)
    freeInodes = UInt64(values.f_favail)
    mountPoint = Self.mountPoint(above: place)
  }

  /// The last folder upwards that is on the same device.
  private static func mountPoint(above path: String) -> String {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return path }
    var place = path
    while place != "/" {
      var above = stat()
      guard stat(FileSystem.parent(place), &above) == 0, above.st_dev == facts.st_dev else { return place }
      place = FileSystem.parent(place)
    }
    return place
  }

  /// `/srv has 0 bytes and 12 inodes free`.
  package var text: String { "\(mountPoint) has \(freeBytes) bytes and \(freeInodes) inodes free" }
}
