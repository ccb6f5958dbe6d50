// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Which objects files and folders were when they were read or written here last: what is still the same is not hashed
/// again. That an object is known by its name does not mean that the repository has it.
final class RecentFiles: Sendable {
  private struct State {
    /// The objects of a commit: files and folders.
    var objects: (commit: GitID, all: Set<GitID>)?
    var generation: (commit: GitID, site: String, newest: Int)?
    var files: [[UInt8]: (bytes: [UInt8], id: GitID)] = [:]
    var lists: [String: (text: String, files: [String: [UInt8]])] = [:]
  }

  private let state = Mutex(State())

  /// What was the same at this path. A folder's path ends with a slash.
  func id(of bytes: [UInt8], at path: [UInt8]) -> GitID? {
    state.withLock { state in
      guard let known = state.files[path], known.bytes == bytes else { return nil }
      // The same array is found to be the same at once the next time.
      state.files[path] = (bytes, known.id)
      return known.id
    }
  }

  func keep(_ bytes: [UInt8], at path: [UInt8], as id: GitID) { state.withLock { $0.files[path] = (bytes, id) } }

  /// Everything below a commit's folder.
  func objects(of commit: GitID) -> Set<GitID>? {
    state.withLock { state in state.objects.flatMap { $0.commit == commit ? $0.all : nil } }
  }

  func keep(objects: Set<GitID>, of commit: GitID) { state.withLock { $0.objects = (commit, objects) } }

  /// Of all runs of a site that lead to a commit.
  func newestGeneration(of site: String, at commit: GitID) -> Int? {
    state.withLock { state in
      state.generation.flatMap { $0.commit == commit && $0.site == site ? $0.newest : nil }
    }
  }

  func keep(newestGeneration: Int, of site: String, at commit: GitID) {
    state.withLock { $0.generation = (commit, site, newestGeneration) }
  }

  /// The lines of a list as files: one, or several when it is long.
  func files(of list: String, at path: String) -> [String: [UInt8]] {
    if let known = state.withLock({ $0.lists[path] }), known.text == list { return known.files }
    let files = ObservedList.files(list, at: path)
    state.withLock { $0.lists[path] = (list, files) }
    return files
  }
}
