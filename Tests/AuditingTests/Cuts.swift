// SPDX-License-Identifier: Apache-2.0
import Foundation
import SyncWitness
import Synchronization
import Testing

/// Copies of a repository as they would be found after the writing process or the machine stopped, at each moment
/// before it syncs or names a file.
///
/// After a kill everything is as it was. After a power cut, files that were not synced are torn; and names that their
/// folder was not synced after may be there or not.
final class Cuts: Sendable {
  struct Moment {
    var what: String
    var repository: TemporaryRepository
  }

  private struct State {
    /// Files, by their number on the disk, of which a power cut takes nothing.
    var synced: Set<UInt64> = []
    /// Names whose folder was not synced since, with what they led to before.
    var named: [(path: String, before: Data?)] = []
    var moments: [Moment] = []
    var problem: (any Error)?
  }

  /// Without links in it, as the kernel names it.
  private let folder: String
  private let state = Mutex(State())
  /// There is one witness in a process.
  private static let turn = Mutex(false)

  init(of repository: TemporaryRepository) throws {
    folder = repository.folder.resolvingSymlinksInPath().path
    let files = try Self.files(folder)
    state.withLock { $0.synced = Set(files.values) }
  }

  /// What was there at each of them.
  func moments() throws -> [Moment] {
    try state.withLock { state in
      if let problem = state.problem { throw problem }
      return state.moments
    }
  }

  func watching(_ work: () async throws -> Void) async throws {
    try #require(
      Self.turn.withLock { busy in
        busy
          ? false
          : {
            busy = true; return true
          }()
      })
    defer { Self.turn.withLock { $0 = false } }
    sync_witness_begin(
      folder,
      { cuts, call, path, to in
        guard let cuts, let call, let path else { return }
        Unmanaged<Cuts>.fromOpaque(cuts).takeUnretainedValue().take(
          String(cString: call), String(cString: path), to.map { String(cString: $0) })
      }, Unmanaged.passUnretained(self).toOpaque())
    defer { sync_witness_end() }
    try await work()
    sync_witness_end()
    stop("reported")
  }

  private func take(_ call: String, _ path: String, _ to: String?) {
    stop("\(call) \(path.dropFirst(folder.count + 1).replacingOccurrences(of: ".git/", with: ""))")
    state.withLock { state in
      if let to {
        state.named.append((to, FileManager.default.contents(atPath: to)))
      } else {
        if let number = Self.number(path) { state.synced.insert(number) }
        state.named.removeAll { URL(filePath: $0.path).deletingLastPathComponent().path == path }
      }
    }
  }

  /// Copies what there is: as a kill leaves it, and in the two ways of a power cut.
  private func stop(_ what: String) {
    state.withLock { state in
      do {
        let files = try Self.files(folder)
        let torn = files.filter { !state.synced.contains($0.value) }.map(\.key)
        state.moments.append(Moment(what: what, repository: try copy()))
        for losesNames in [false, true] {
          let copy = try copy()
          for file in torn { try Self.tear(copy.path + "/" + file) }
          for (path, before) in losesNames ? state.named.reversed() : [] {
            let url = copy.folder.appending(path: path.dropFirst(folder.count + 1))
            if let before { try before.write(to: url) } else { try? FileManager.default.removeItem(at: url) }
          }
          try copy.age()
          state.moments.append(
            Moment(what: "\(what), power cut\(losesNames ? ", names lost" : "")", repository: copy))
        }
      } catch { state.problem = error }
    }
  }

  private func copy() throws -> TemporaryRepository {
    let copy = FileManager.default.temporaryDirectory.appending(path: "cut-\(UUID())")
    try FileManager.default.copyItem(atPath: folder, toPath: copy.path)
    return TemporaryRepository(at: copy)
  }

  private static func tear(_ path: String) throws {
    guard let bytes = FileManager.default.contents(atPath: path) else { return }
    try FileManager.default.removeItem(atPath: path)
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: path))
  }

  /// Files by path, with their numbers.
  private static func files(_ folder: String) throws -> [String: UInt64] {
    var files: [String: UInt64] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      if let number = number("\(folder)/\(path)") { files[path] = number }
    }
    return files
  }

  private static func number(_ path: String) -> UInt64? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return UInt64(status.st_ino)
  }
}

extension TemporaryRepository {
  /// Makes every file one from before the machine started, as it is after a power cut.
  fileprivate func age() throws {
    for path in try FileManager.default.subpathsOfDirectory(atPath: path) where path.hasSuffix(".lock") {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: self.path + "/" + path)
    }
  }
}
