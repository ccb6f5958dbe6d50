// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc

/// An exclusive lock between processes and between tasks of one: flock(2). Ends with the process that holds it.
package struct FileLock: ~Copyable {
  private let file: Int32

  /// Nil while somebody else holds it.
  package init?(_ path: String) throws(AgentError) {
    try FileSystem.makeFolder(FileSystem.parent(path))
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw FileSystem.failure("\(path) cannot be opened") }
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
    try FileSystem.makeFolder(FileSystem.parent(path))
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw FileSystem.failure("\(path) cannot be opened") }
    while flock(file, LOCK_EX) != 0 {
      let number = errno
      if number == EINTR { continue }
      _ = close(file)
      throw FileSystem.failure("\(path) cannot be locked", number)
    }
    self.file = file
  }

  deinit { _ = close(file) }
}
