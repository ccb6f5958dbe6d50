// SPDX-License-Identifier: Apache-2.0
import Auditing
import BuiltInSets
import ClusterModel
import Diagnostics
import Foundation
import Git
import HostAccess
import SpecReading
import Wings

/// The description as it lies on disk, with the files it refers to.
package struct Specification: Sendable {
  package var bytes: [UInt8]
  /// The described cluster, or nil when a diagnostic is an error.
  package var cluster: Cluster?
  package var files: SiteFiles
  /// The bytes of OCI images on this machine, by their digests.
  package var blobs: [String: LocalBlob] = [:]
  package var diagnostics: [Diagnostic]

  package init(bytes: [UInt8], cluster: Cluster?, files: SiteFiles, diagnostics: [Diagnostic]) {
    self.bytes = bytes
    self.cluster = cluster
    self.files = files
    self.diagnostics = diagnostics
  }

  /// Reads the description and, when it is valid, the files beside it.
  ///
  /// Errors of the file system (no such file, no permission) are thrown; problems of the text are diagnostics.
  ///
  /// - Parameter edited: what it and its tables are to be, in the place of what is on the disk.
  package static func load(
    _ location: URL, fetched: FetchedSets = .ofUser, edited: DescriptionText? = nil
  ) throws(SpecificationError) -> Specification {
    let bytes: [UInt8]
    if let edited { bytes = edited.bytes } else { bytes = try read(location, limit: SpecReader.byteLimit) }
    let beside = FilesBeside(location.deletingLastPathComponent(), edited: edited?.tables ?? [:])
    let file = location.lastPathComponent
    let tables = try beside.read(SpecReader.tables(of: bytes, file: file))
    let reading = SpecReader.read(bytes, file: file, keys: WingCatalog.keys, tables: tables.texts)
    var result = Specification(
      bytes: bytes, cluster: reading.cluster, files: SiteFiles(files: tables.files), diagnostics: reading.diagnostics)
    guard let cluster = reading.cluster else { return result }
    let found = try beside.read(SpecReader.referencedPaths(cluster))
    result.files.files = found.files
    let lacking = result.addForeignSets(cluster, fetched)
    let named = SpecReader.settingFiles(cluster, result.files)
    let more = try beside.read(named.map(\.value))
    result.files.files.merge(more.files) { first, _ in first }
    let bases = result.openBases(cluster, beside: location.deletingLastPathComponent())
    result.complete(
      SpecReader.missingFiles(found.missing, result.files, cluster) + SpecReader.linkedPaths(found.linked, cluster)
        + SpecReader.linkedSettingFiles(more.linked, named)
        + SpecReader.privateFiles(found.modes, cluster) + SpecReader.lostFiles(found.lost, cluster)
        + SpecReader.secretsInImages(Set(found.files.keys), cluster) + bases + lacking)
    return result
  }

  /// The description with its tables, to be edited.
  package func text(_ file: String) -> DescriptionText {
    let paths = SpecReader.tables(of: bytes, file: file)
    return DescriptionText(file: file, bytes: bytes, tables: files.texts.filter { paths.contains($0.key) })
  }

  /// The cluster that the description and its tables alone describe. Nil: they have errors.
  package static func description(_ location: URL) throws(SpecificationError) -> Cluster? {
    let bytes = try read(location, limit: SpecReader.byteLimit)
    let file = location.lastPathComponent
    let tables = try FilesBeside(location.deletingLastPathComponent()).read(SpecReader.tables(of: bytes, file: file))
    return SpecReader.read(bytes, file: file, keys: WingCatalog.keys, tables: tables.texts).cluster
  }

  /// Adds sets of other repositories, and the program's own where the site has none of that name.
  private mutating func addForeignSets(_ cluster: Cluster, _ fetched: FetchedSets) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    for request in cluster.setRequests {
      let folder = PackageSet.folder(request.name)
      let isHere = !files.below(folder).isEmpty
      if let origin = request.origin {
        do throws(GitError) {
          let found = try fetched.files(origin)
          if let problem = SpecReader.problem(of: request, origin, isHere: isHere, files: found.map(\.count)) {
            problems.append(problem)
            continue
          }
          for (path, file) in found ?? [:] { files.files["\(folder)/\(path)"] = file }
        } catch { problems.append(SpecReader.unreadable(origin, "\(error)")) }
      } else if !isHere {
        files.addBuiltIn(request.name)
      }
    }
    return problems
  }

  /// Takes in what the files beside the description say.
  private mutating func complete(_ problems: [Diagnostic]) {
    guard var cluster else { return }
    let (sets, found) = SpecReader.sets(cluster, files)
    cluster.adopt(sets)
    let (extra, unfit) = SpecReader.keys(of: cluster, files)
    cluster.repositories.extra = extra
    let all = problems + found + unfit + WingCatalog.problems(of: cluster)
    diagnostics += all
    self.cluster = all.contains { $0.severity == .error } ? nil : cluster
  }

  /// One byte more than the limit is enough for the reader to refuse the file, whatever its size.
  private static func read(_ location: URL, limit: Int) throws(SpecificationError) -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: location)
      defer { handle.closeFile() }
      return Array(try handle.read(upToCount: limit + 1) ?? Data())
    } catch {
      throw SpecificationError(path: location.relativePath, cause: "\(error.localizedDescription)")
    }
  }
}

extension SiteFiles {
  /// The bytes of the files, by path. Links are none.
  package var texts: [String: [UInt8]] { files.filter { $0.value.kind != .link }.mapValues(\.contents.bytes) }

  /// Adds a set that comes with the program, as if it stood beside the description.
  package mutating func addBuiltIn(_ set: String) {
    for file in BuiltInSets.all[set] ?? [] {
      files["\(PackageSet.folder(set))/\(file.path)"] = File(
        contents: Content(file.bytes), executable: file.isExecutable, isOfSite: false)
    }
  }
}

/// A file that cannot be opened or read.
package struct SpecificationError: Error, CustomStringConvertible {
  package var path: String
  package var cause: String

  package var description: String { "cannot read \(path): \(cause)" }
}

extension Specification {
  /// Reads the description, and the files it refers to, as a commit holds them. The work tree is not looked at.
  /// - Parameters:
  ///   - name: the description's file, relative to the repository's spec folder.
  ///   - folder: that of the description now. OCI images are in no commit, and are looked for there.
  package static func load(
    _ name: String, at commit: String, in repository: AuditRepository, beside folder: URL
  ) throws(AuditError) -> Specification {
    guard let file = try repository.files(at: name, in: commit)[name] else {
      throw AuditError(
        .git, "commit \(commit.prefix(12)) has no \(name)",
        next: "Compare with a commit that has the description: git log -- \(name)")
    }
    var result = Specification(bytes: file.bytes, cluster: nil, files: SiteFiles(), diagnostics: [])
    _ = try result.add(SpecReader.tables(of: file.bytes, file: name), at: commit, in: repository)
    let reading = SpecReader.read(file.bytes, file: name, keys: WingCatalog.keys, tables: result.files.texts)
    (result.cluster, result.diagnostics) = (reading.cluster, reading.diagnostics)
    guard let cluster = reading.cluster else { return result }
    let missing = try result.add(SpecReader.referencedPaths(cluster), at: commit, in: repository)
    let lacking = result.addForeignSets(cluster, .ofUser)
    _ = try result.add(SpecReader.settingFiles(cluster, result.files).map(\.value), at: commit, in: repository)
    let bases = result.openBases(cluster, beside: folder)
    result.complete(SpecReader.missingFiles(missing, result.files, cluster) + bases + lacking)
    return result
  }

  /// Adds files and folders of a commit, and returns the paths at which it has nothing.
  private mutating func add(
    _ paths: [String], at commit: String, in repository: AuditRepository
  ) throws(AuditError) -> [String] {
    var missing: [String] = []
    for path in paths {
      let found = try repository.files(at: path, in: commit)
      if found.isEmpty { missing.append(path) }
      for (path, file) in found {
        files.files[path] = SiteFiles.File(contents: Content(file.bytes), kind: file.kind)
      }
    }
    return missing
  }
}
