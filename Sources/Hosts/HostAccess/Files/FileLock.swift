// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// A lock between processes and between tasks of one: flock(2). Ends with the process that holds it.
package struct FileLock: ~Copyable {
  private let file: Int32

  /// Nil while somebody else holds it.
  package init?(_ path: String) throws(AgentError) {
    let file = try Self.open(path)
    if flock(file, LOCK_EX | LOCK_NB) != 0 {
      let number = errno
      _ = close(file)
      if number == EWOULDBLOCK || number == EINTR { return nil }
      throw FileSystem.failure("\(path) cannot be locked", number)
    }
    self.file = file
  }

  /// Waits for it, blocking the thread: only for what is held for moments.
  package init(waitingFor path: String) throws(AgentError) {
    file = try Self.waited(path, LOCK_EX)
  }

  /// Held together with others who share it; keeps out who wants it alone. Waits, blocking the thread, while somebody
  /// has it alone, which must be for moments only.
  package init(sharing path: String) throws(AgentError) {
    file = try Self.waited(path, LOCK_SH)
  }

  private static func waited(_ path: String, _ kind: Int32) throws(AgentError) -> Int32 {
    let file = try open(path)
    while flock(file, kind) != 0 {
      let number = errno
      if number == EINTR { continue }
      _ = close(file)
      throw FileSystem.failure("\(path) cannot be locked", number)
    }
    return file
  }

  private static func open(_ path: String) throws(AgentError) -> Int32 {
    try FileSystem.makeFolder(FileSystem.parent(path))
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw FileSystem.failure("\(path) cannot be opened") }
    return file
  }

  deinit { _ = close(file) }
}
