// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// A lock between processes and between tasks of one: flock(2). Ends with the process that holds it.
package struct FileLock: ~Copyable {
  private let file: Int32

  /// The lock, or nil while another process holds it in a way that excludes this one. Never waits: callers that do have
  /// a deadline, and say what they wait for.
  ///
  /// - Parameter shared: held together with others who share it; keeps out who wants it alone.
  package init?(_ path: String, shared: Bool = false) throws(AgentError) {
    let file = try Self.open(path)
    if flock(file, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      let number = errno
      _ = close(file)
      if number == EWOULDBLOCK || number == EINTR { return nil }
      throw FileSystem.failure("\(path) cannot be locked", number)
    }
    self.file = file
  }

  private static func open(_ path: String) throws(AgentError) -> Int32 {
    try FileSystem.makeFolder(FileSystem.parent(path))
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw FileSystem.failure("\(path) cannot be opened") }
    return file
  }

  /// Gives the lock up itself: a child that another thread is just starting holds a copy of the file until it executes
  /// its program, and the lock with it.
  deinit {
    _ = flock(file, LOCK_UN)
    _ = close(file)
  }
}

/// A lock that is kept over suspensions, in a class because closures and tasks cannot take a value without copies.
package final class HeldLock: Sendable {
  private let lock: FileLock
  package init(_ lock: consuming FileLock) { self.lock = lock }
}
