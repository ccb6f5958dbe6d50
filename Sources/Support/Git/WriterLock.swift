// SPDX-License-Identifier: Apache-2.0
import CGit2
import Glibc

/// The turn to move a reference: one writer at a time, and none that was killed keeps the others out.
///
/// git's own lock of a reference is a file beside it, made and removed by libgit2 in `move`. It says nothing of its
/// owner, so the lock of a process that was killed, or of a machine that lost its power, would keep everybody out for
/// ever. Therefore a writer first notes in a file of its own what it is about to write, and holds that file by
/// flock(2), which ends with the process. The next writer takes a lock away that holds the noted commit, or the
/// beginning of its name; and any that is older than the machine's start. Other locks stay.
package final class WriterLock {
  private let repository: GitRepository
  private let file: Int32
  private let path: String
  private let reference: String

  /// Takes the turn. Nil while another writer has it.
  /// - Parameter name: of the writers' file, in the repository's own folder.
  package init?(_ name: String, for reference: String, in repository: GitRepository) throws(GitError) {
    self.repository = repository
    self.reference = reference
    path = repository.commonFolder + name
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw Self.failure(path, "cannot be opened") }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      // Some file systems cannot hold files so. There git's lock alone keeps writers apart.
      if errno == EWOULDBLOCK { return nil }
      return
    }
    removeAbandoned()
  }

  /// Gives the lock up itself: a child that another thread is just starting holds a copy of the file until it executes
  /// its program, and the lock with it.
  deinit {
    flock(file, LOCK_UN)
    close(file)
  }

  /// Moves the reference, and its reflog, to a commit. Returns when the disk has both.
  /// - Parameters:
  ///   - old: where it is expected to be. Nil: nowhere.
  ///   - message: for the reflog.
  /// - Returns: false when it is elsewhere by now, or somebody else holds git's lock of it.
  package func move(
    from old: GitID?, to new: GitID, by author: GitAuthor, because message: String
  ) throws(GitError) -> Bool {
    try note("\(new)\n")
    // Also when it does not succeed: the lock that is in the way is not this writer's.
    defer { ftruncate(file, 0) }
    try check(git_repository_set_ident(repository.pointer, author.name, author.email), "\(author.name) is no name")
    var made: OpaquePointer?
    defer { git_reference_free(made) }
    var (to, from) = (new.raw, old?.raw ?? git_oid())
    let code = git_reference_create_matching(&made, repository.pointer, reference, &to, 1, &from, message)
    if [GIT_EMODIFIED, GIT_ELOCKED, GIT_ENOTFOUND].map(\.rawValue).contains(code) { return false }
    let failure = GitError.libgit2("\(reference) cannot be moved")
    guard code == 0 else { throw try inTheWay() ?? failure }
    return true
  }

  /// A branch whose name is a folder of the reference's.
  private func inTheWay() throws(GitError) -> GitError? {
    let names = reference.split(separator: "/")
    for length in 3..<max(3, names.count) {
      let above = names.prefix(length).joined(separator: "/")
      guard try repository.commit(at: above) != nil else { continue }
      return GitError(
        code: .failed, message: "\(above) is a reference, so nothing can be below it", cause: nil,
        next: "Rename the branch: git branch -m \(names[2..<length].joined(separator: "/")) NAME")
    }
    return nil
  }

  /// Not synced: a lock that is left after a power cut is older than the machine's start.
  private func note(_ text: String) throws(GitError) {
    let bytes = Array(text.utf8)
    guard ftruncate(file, 0) == 0, pwrite(file, bytes, bytes.count, 0) == bytes.count else {
      throw Self.failure(path, "cannot be written")
    }
  }

  private func removeAbandoned() {
    let lock = repository.commonFolder + reference + ".lock"
    let left = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard left >= 0 else { return }
    defer { close(left) }
    let noted = Self.read(file)
    if !noted.isEmpty && noted.starts(with: Self.read(left)) || Self.isOlderThanTheStart(left) { unlink(lock) }
  }

  private static func isOlderThanTheStart(_ file: Int32) -> Bool {
    var (status, now, running) = (stat(), timespec(), timespec())
    guard fstat(file, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0,
      clock_gettime(CLOCK_BOOTTIME, &running) == 0
    else { return false }
    return status.st_mtim.tv_sec < now.tv_sec - running.tv_sec
  }

  /// The name of a commit, and no more than that.
  private static func read(_ file: Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 64) { bytes, count in count = max(0, pread(file, bytes.baseAddress, 64, 0)) }
  }

  private static func failure(_ path: String, _ what: String) -> GitError {
    GitError(
      code: .failed, message: "\(path) \(what)", cause: String(cString: strerror(errno)),
      next: "Check the folder's owner and the disk: ls -ld, df")
  }
}
