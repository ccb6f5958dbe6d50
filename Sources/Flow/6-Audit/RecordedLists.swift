// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git

/// The files of a run's commit, with long lists as one file again.
///
/// `managed/head1/tree.json` stands for itself and for all below `managed/head1/tree/`, `observed/head1/nodes.txt` for
/// all below `observed/head1/nodes/`.
struct RecordedLists {
  private let repository: GitRepository
  private var folders: [GitID: [(path: String, id: GitID)]] = [:]
  private var ordered: [GitID: [GitID]] = [:]

  init(_ repository: GitRepository) { self.repository = repository }

  /// A list's name: what it would be called if it were one file.
  private static func list(of path: String) -> String {
    let names = path.split(separator: "/")
    guard names.count > 3, let dot = names.last?.lastIndex(of: "."),
      [ManagedLines.folder, ObservedList.folder].contains(where: path.hasPrefix)
    else { return path }
    return names.prefix(3).joined(separator: "/") + (names.last?[dot...] ?? "")
  }

  /// In this order the parts of a list are the list: by folder, and in each by the names without their endings.
  static func sorted(_ paths: [(path: String, id: GitID)]) -> [(path: String, id: GitID)] {
    let keyed = paths.map { file -> (folder: Substring, name: Substring, file: (path: String, id: GitID)) in
      let slash = file.path.lastIndex(of: "/") ?? file.path.startIndex
      let dot = file.path[slash...].lastIndex(of: ".") ?? file.path.endIndex
      return (file.path[..<slash], file.path[slash..<dot], file)
    }
    return keyed.sorted { a, b in
      a.folder == b.folder ? LongList.precedes(a.name, b.name) : LongList.precedes(a.folder, b.folder)
    }.map(\.file)
  }

  /// The objects that make up each list of a commit's folder, in order.
  mutating func lists(_ tree: GitID) throws(GitError) -> [String: [GitID]] {
    var lists: [String: [GitID]] = [:]
    for (path, id) in Self.sorted(try files(tree)) { lists[Self.list(of: path), default: []].append(id) }
    return lists
  }

  /// The objects below one of a commit's folders, in order.
  mutating func objects(below folder: String, in tree: GitID) throws(GitError) -> [GitID] {
    let name = folder.split(separator: "/").first ?? ""
    guard let entry = try repository.entries(tree).first(where: { $0.name == name && $0.kind == .folder }) else {
      return []
    }
    if let known = ordered[entry.id] { return known }
    let found = Self.sorted(try files(entry.id)).map(\.id)
    ordered[entry.id] = found
    return found
  }

  /// Every file below a folder. Most folders are the same in many commits.
  private mutating func files(_ tree: GitID) throws(GitError) -> [(path: String, id: GitID)] {
    if let known = folders[tree] { return known }
    var found: [(path: String, id: GitID)] = []
    for entry in try repository.entries(tree) {
      guard entry.kind == .folder else {
        found.append((entry.name, entry.id))
        continue
      }
      for file in try files(entry.id) { found.append(("\(entry.name)/\(file.path)", file.id)) }
    }
    folders[tree] = found
    return found
  }

  func text(_ list: String, _ objects: [GitID]) throws(GitError) -> [UInt8] {
    if objects.isEmpty { return [] }
    var files: [[UInt8]] = []
    for id in objects { files.append(try repository.blob(id)) }
    guard list.hasPrefix(ManagedLines.folder) else { return Array(files.joined()) }
    return ManagedLines.sortedList(ManagedLines.joined(files))
  }
}
