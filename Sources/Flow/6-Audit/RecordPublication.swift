// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Glibc
import HostAccess

/// The way of a run's commit to the disk: at every moment, also after a power cut, the history has all of it or none.
///
/// Everything is written aside and synced, then the objects get their names, then the reference moves: each only when
/// what it leads to is on the disk. docs/decisions/0042 says what a power cut leaves at each point.
struct RecordPublication {
  /// Below git's objects, and nothing that git looks at. What a killed run leaves there, `git prune` takes away.
  let folder: String
  private let objects: String
  private let pack: String?
  private let commit: GitID
  private var reference: String { folder + "/reference" }

  /// Writes objects that are new, and where the reference is to lead. Nothing is synced or visible yet.
  init(_ new: NewObjects, commit: GitID, in repository: GitRepository) throws(AuditError) {
    objects = repository.commonFolder + "objects"
    self.commit = commit
    var template = Array((objects + "/tmp_objdir-record-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw AuditError(FileSystem.failure("\(objects) cannot be written to", at: objects))
    }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let made = try new.pack()
    pack = made?.name
    do throws(AgentError) {
      if let made {
        try Self.write(made.bytes, to: "\(folder)/\(made.name).pack", mode: 0o444)
        try Self.write(made.index, to: "\(folder)/\(made.name).idx", mode: 0o444)
      }
      try Self.write(Array("\(commit)\n".utf8), to: reference, mode: 0o666)
    } catch { throw AuditError(error) }
  }

  /// A new file, not synced, and on its way to the disk.
  private static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(AgentError) {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard file >= 0 else { throw FileSystem.failure("\(path) cannot be made", at: path) }
    defer { close(file) }
    try FileSystem.write(bytes, file, path)
    // A hint, on which Linux begins to write the file out: so all of them are waited for together, and not one after
    // the other. What does not take the hint is written when it is synced.
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
  }

  /// Moves the reference to the commit. False when somebody else has moved it in the meantime, or is about to.
  func publish(_ name: String, from parent: GitID?, _ repository: GitRepository) throws(AuditError) -> Bool {
    defer { remove() }
    do throws(AgentError) {
      try sync()
      try nameObjects()
    } catch { throw AuditError(error) }
    return try move(name, from: parent, repository)
  }

  /// All of them before anything is named: the file system writes the others along with the first.
  func sync() throws(AgentError) {
    for path in [reference] + files.map({ folder + "/" + $0 }) {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw FileSystem.failure("\(path) cannot be opened", at: path) }
      defer { close(file) }
      guard fsync(file) == 0 else { throw FileSystem.failure("\(path) cannot be written", at: path) }
    }
  }

  /// The index comes last: git knows a pack by it.
  func nameObjects() throws(AgentError) {
    if pack == nil { return }
    try FileSystem.makeFolder(objects + "/pack")
    for file in files {
      let path = "\(objects)/pack/\(file)"
      guard rename("\(folder)/\(file)", path) == 0 else { throw FileSystem.failure("\(path) cannot be made", at: path) }
    }
    try FileSystem.syncFolder(objects + "/pack")
  }

  func move(_ name: String, from parent: GitID?, _ repository: GitRepository) throws(AuditError) -> Bool {
    let path = repository.commonFolder + name
    try makeFolder(for: path)
    guard let lock = try ReferenceLock(path, preparedIn: folder) else { return false }
    guard try moveLocked(name, path, lock, from: parent, repository) else { return false }
    // Before the last wait: the file system keeps whoever changes a folder right after it until it has written.
    remove()
    // After the lock is gone, or a power cut would bring it back.
    do throws(AgentError) { try FileSystem.syncFolder(FileSystem.parent(path)) } catch { throw AuditError(error) }
    return true
  }

  private func moveLocked(
    _ name: String, _ path: String, _ lock: ReferenceLock, from parent: GitID?, _ repository: GitRepository
  ) throws(AuditError) -> Bool {
    defer { lock.release() }
    guard try repository.commit(at: name) == parent else { return false }
    guard rename(reference, path) == 0 else {
      throw AuditError(FileSystem.failure("\(path) cannot be moved", at: path))
    }
    return true
  }

  /// Each folder that is new is made to last in the one above it.
  private func makeFolder(for path: String) throws(AuditError) {
    let folder = FileSystem.parent(path)
    guard mkdir(folder, 0o777) != 0 else {
      do throws(AgentError) { return try FileSystem.syncFolder(FileSystem.parent(folder)) } catch {
        throw AuditError(error)
      }
    }
    switch errno {
    case EEXIST where Self.isFolder(folder): return
    case EEXIST, ENOTDIR:
      throw AuditError(
        .git, "\(folder) is a reference, so nothing can be recorded below it", cause: nil,
        next: "Rename the branch: git branch -m cluster NAME")
    case ENOENT:
      try makeFolder(for: folder)
      try makeFolder(for: path)
    default: throw AuditError(FileSystem.failure("\(folder) cannot be made", at: folder))
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// What cannot be removed is as harmless as what a killed run leaves.
  func remove() {
    if rmdir(folder) != 0, errno != ENOENT { try? FileManager.default.removeItem(atPath: folder) }
  }

  private var files: [String] { pack.map { ["\($0).pack", "\($0).idx"] } ?? [] }
}

extension AuditError {
  /// What a system call has said of the repository's files.
  init(_ error: AgentError) { self.init(.git, error.message, cause: error.cause, next: error.next) }
}
