// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HostAccess

/// git's lock of a reference: a file beside it that nobody else could make, so git and libgit2 keep out.
///
/// Ours says in it whose it is, and is held by flock(2) for as long as its process lives: the kernel lets go of it with
/// the process, however that ends. So one that a killed run has left is told from one that is held, and taken away. The
/// locks of others say nothing, and stay.
final class ReferenceLock {
  private static let mark = Array("cluster holds this lock by flock(2)\n".utf8)

  private let path: String
  private let file: Int32

  /// - Parameters:
  ///   - reference: the reference's file.
  ///   - folder: on the same file system, for the lock until it gets its name.
  /// - Returns: nil when somebody else holds it, or when git has just removed its folder, having packed the reference.
  init?(_ reference: String, preparedIn folder: String) throws(AuditError) {
    path = reference + ".lock"
    let prepared = folder + "/lock"
    file = open(prepared, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw AuditError(FileSystem.failure("\(prepared) cannot be made", at: prepared)) }
    defer { unlink(prepared) }
    // Without the mark, where it cannot be held so, it is a lock like those of others.
    if flock(file, LOCK_EX | LOCK_NB) == 0, write(file, Self.mark, Self.mark.count) != Self.mark.count {
      ftruncate(file, 0)
    }
    // It gets its name with all that: at no moment is there a lock of ours that is not held.
    if link(prepared, path) == 0 { return }
    var problem = errno
    if problem == EEXIST, Self.removeAbandoned(path) {
      if link(prepared, path) == 0 { return }
      problem = errno
    }
    close(file)
    if problem == EEXIST || problem == ENOENT { return nil }
    throw AuditError(FileSystem.failure("\(path) cannot be made", problem, at: path))
  }

  /// The name goes first: who holds the file by flock(2) after this sees that it is a lock no longer.
  func release() {
    unlink(path)
    close(file)
  }

  /// Takes a lock away that its process has left behind. False when it is held, or not ours.
  private static func removeAbandoned(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return errno == ENOENT }
    defer { close(file) }
    guard let said = try? FileSystem.read(file, path, limit: 4 << 10), said == mark,
      flock(file, LOCK_EX | LOCK_NB) == 0
    else { return false }
    // Another run may have been faster, and the name be that of its own lock. While the file is open, no other file can
    // have its number.
    var (opened, named) = (stat(), stat())
    guard fstat(file, &opened) == 0, lstat(path, &named) == 0, opened.st_ino == named.st_ino,
      opened.st_dev == named.st_dev
    else { return false }
    return unlink(path) == 0
  }
}
