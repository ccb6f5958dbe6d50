// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import SpecReading

/// The files and folders beside a description that it refers to, as they lie on the disk.
struct FilesBeside {
  private let folder: URL
  /// Files as they are to be, in the place of what is on the disk.
  private let edited: [String: [UInt8]]

  struct Found {
    var files: [String: SiteFiles.File] = [:]
    /// The bytes of the files, by path.
    var texts: [String: [UInt8]] { SiteFiles(files: files).texts }
    /// Paths at which there is nothing.
    var missing: [String] = []
    /// Paths that lead through a symbolic link, and perhaps out of the repository.
    var linked: [String] = []
    /// Files and folders with a mode that git does not keep, by path: for few, or with more than rights.
    var modes: [String: UInt16] = [:]
    /// Files and folders that git does not keep at all, by path.
    var lost: [String: LostFile] = [:]
  }

  init(_ folder: URL, edited: [String: [UInt8]] = [:]) { (self.folder, self.edited) = (folder, edited) }

  func read(_ paths: [String]) throws(SpecificationError) -> Found {
    var found = Found()
    for path in paths {
      if try leadsThroughLink(path) {
        found.linked.append(path)
        continue
      }
      let before = found.files.count
      try add(path, to: &found)
      if found.files.count == before { found.missing.append(path) }
    }
    return found
  }

  private func leadsThroughLink(_ path: String) throws(SpecificationError) -> Bool {
    var place = ""
    for part in path.split(separator: "/") {
      place += (place.isEmpty ? "" : "/") + part
      guard let facts = try facts(place) else { return false }
      if facts.st_mode & S_IFMT == S_IFLNK { return true }
    }
    return false
  }

  /// Adds a file, a link, or all below a folder.
  private func add(_ path: String, to found: inout Found) throws(SpecificationError) {
    if let bytes = edited[path] {
      found.files[path] = SiteFiles.File(contents: Content(bytes), executable: false)
      return
    }
    guard let facts = try facts(path) else { return }
    let location = folder.appending(path: path)
    do {
      switch facts.st_mode & S_IFMT {
      case S_IFDIR:
        try addAll(below: path, facts, to: &found)
      case S_IFLNK:
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: location.path)
        found.files[path] = SiteFiles.File(contents: .text(target), kind: .link)
      case S_IFREG:
        let bytes = Array(try Data(contentsOf: location))
        found.files[path] = SiteFiles.File(contents: Content(bytes), executable: facts.st_mode & 0o100 != 0)
        if facts.st_mode & 0o044 != 0o044 || facts.st_mode & 0o6000 != 0 {
          found.modes[path] = UInt16(facts.st_mode & 0o7777)
        }
      default: found.lost[path] = .special
      }
    } catch let error as SpecificationError {
      throw error
    } catch {
      throw SpecificationError(path: location.relativePath, cause: "\(error.localizedDescription)")
    }
  }

  private func addAll(below path: String, _ facts: stat, to found: inout Found) throws {
    // Whoever shares a repository with a group has folders that hand their group on.
    if facts.st_mode & 0o055 != 0o055 || facts.st_mode & 0o1000 != 0 {
      found.modes[path] = UInt16(facts.st_mode & 0o7777)
    }
    let names = try FileSystem.names(in: folder.appending(path: path).path)
    if names.isEmpty { found.lost[path] = .emptyFolder }
    for name in names {
      // What is no UTF-8 stands there as U+FFFD, and is not found by it.
      if name.contains("\u{fffd}"), try self.facts(path + "/" + name) == nil {
        found.lost[path + "/" + name] = .name
      } else {
        try add(path + "/" + name, to: &found)
      }
    }
  }

  /// The facts of what is at a path itself. Nil: there is nothing.
  private func facts(_ path: String) throws(SpecificationError) -> stat? {
    var facts = stat()
    let place = folder.appending(path: path).path
    if lstat(place, &facts) == 0 { return facts }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw SpecificationError(path: place, cause: String(cString: strerror(errno)))
  }
}
