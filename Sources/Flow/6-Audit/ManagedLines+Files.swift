// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

/// The managed resources as files of a run's commit, each of them JSON of its own: a list of resources.
///
/// - `managed/head1/file.json`: one host's resources of one kind; `managed/cluster/` has what belongs to no host.
/// - `managed/head1/tree/,srv,x.json`: one that is long, in a file of its own, called after it.
/// - `managed/cluster/nodes/all/r0n00.json`: one that lists many things: each file has the resource with some of its
///   rows, from the one that the file is called after on.
extension ManagedLines {
  static let folder = "managed/"

  /// The path of the file that a resource is in, or of the folder, without an ending.
  static func path(_ id: ResourceID) -> String { "\(folder)\(id.host?.name ?? "cluster")/\(id.kind)" }

  /// The files, by path in the commit.
  func files(_ resources: [ManagedResource]) throws(AuditError) -> [String: [UInt8]] {
    // Seen to be nothing, which is not the same as a record without a list.
    if resources.isEmpty { return [Self.folder + "nothing.json": Self.list([])] }
    struct Place: Hashable {
      var host: HostID?
      var kind: String
    }
    let folders = Dictionary(grouping: resources) { Place(host: $0.id.host, kind: $0.id.kind) }
    return try withState { (state) throws(AuditError) in
      var files: [String: [UInt8]] = [:]
      for (place, resources) in folders {
        // By name, for the rest of their ids is the same.
        let sorted = resources.sorted { $0.id.name < $1.id.name }
        let path = Self.path(ResourceID(place.kind, on: place.host, ""))
        for (path, bytes) in try Self.files(path, sorted, &state) { files[path] = bytes }
      }
      return files
    }
  }

  private static func files(
    _ path: String, _ resources: [ManagedResource], _ state: inout State
  ) throws(AuditError) -> [String: [UInt8]] {
    var entries: [Entry] = []
    for resource in resources { entries.append(try state.entry(resource)) }
    let numbers = entries.map(\.number)
    if let folder = state.folders[path], folder.numbers == numbers { return folder.files }
    var files: [String: [UInt8]] = [:]
    var short: [ArraySlice<UInt8>] = []
    for (resource, entry) in zip(resources, entries) {
      guard entry.bytes.count > LongList.longest else {
        short.append(entry.bytes)
        continue
      }
      let own = entry.ownFiles ?? Self.files(of: entry.bytes, at: "\(path)/\(FileName.escaped(resource.id.name.utf8))")
      if let last = state.entries[resource.id]?.lastIndex(where: { $0.number == entry.number }) {
        state.entries[resource.id]?[last].ownFiles = own
      }
      files.merge(own) { first, _ in first }
    }
    if !short.isEmpty { files[path + ".json"] = list(short) }
    state.folders[path] = Folder(numbers: numbers, files: files)
    return files
  }

  /// The files of one entry, which is long.
  private static func files(of entry: ArraySlice<UInt8>, at path: String) -> [String: [UInt8]] {
    guard let rowed = RowedEntry(entry) else { return [path + ".json": list([entry])] }
    let parts = LongList.parts(rowed.rows, key: RowedEntry.key)
    if parts.count == 1 { return [path + ".json": list([entry])] }
    return Dictionary(
      parts.map { ("\(path)/\($0.name).json", list([rowed.with($0.rows)[...]])) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The entries of files, where parts of one resource are put together again.
  /// - Parameter files: in the order of `RecordedPath`.
  static func joined(_ files: [[UInt8]]) -> [ArraySlice<UInt8>] { joined(files.flatMap(entries)) }

  /// Parts of a resource follow each other.
  static func joined(_ parts: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
    var entries: [ArraySlice<UInt8>] = []
    var open: (entry: RowedEntry, text: ArraySlice<UInt8>?)?
    func close() {
      if let (entry, text) = open { entries.append(text ?? entry.with(entry.rows[...])[...]) }
      open = nil
    }
    for part in parts {
      let rowed = RowedEntry(part)
      if let rowed, let before = open?.entry, before.isContinued(by: rowed) {
        open?.entry.rows += rowed.rows
        open?.text = nil
        continue
      }
      close()
      if let rowed { open = (rowed, part) } else { entries.append(part) }
    }
    close()
    return entries
  }
}

extension ManagedLines {
  /// As the last thing in an entry, because keys are sorted. Nil for what is none.
  static func id(of entry: ArraySlice<UInt8>) -> ResourceID? {
    entry.rest(afterLast: #""id":"#).flatMap { rest in
      try? JSONDecoder().decode(ResourceID.self, from: Data(rest.dropLast()))
    }
  }

  static func sortedList(_ entries: [ArraySlice<UInt8>]) -> [UInt8] {
    list(
      entries.map { (id(of: $0), $0) }.sorted { a, b in a.0.map { a in b.0.map { a < $0 } ?? true } ?? false }.map(\.1))
  }
}

/// The text of a resource that lists objects, each in a line of its own, and that has one such list.
struct RowedEntry {
  /// `{"desired":{"nodes":[`
  private let head: ArraySlice<UInt8>
  /// Without commas at their ends.
  var rows: [ArraySlice<UInt8>]
  /// `]},"id":{…}}`
  private let tail: ArraySlice<UInt8>

  init?(_ entry: ArraySlice<UInt8>) {
    let lines = entry.split(separator: UInt8(ascii: "\n"))
    guard lines.count > 2 else { return nil }
    let rows = lines[1..<lines.count - 1]
    guard rows.allSatisfy({ $0.starts(with: RecordJSON.indent) }) else { return nil }
    self.rows = rows.map { $0.last == UInt8(ascii: ",") ? $0.dropLast() : $0 }
    (head, tail) = (lines[0], lines[lines.count - 1])
  }

  /// Whether the other one is more of the same resource: its id is in the last line.
  func isContinued(by next: RowedEntry) -> Bool { head == next.head && tail == next.tail }

  /// The same resource with these of its rows.
  func with(_ rows: ArraySlice<ArraySlice<UInt8>>) -> [UInt8] {
    var bytes = Array(head)
    bytes.append(lines: rows)
    return bytes + tail
  }

  /// The name of a row: the key of a file, or an object's `name`. Else its first word, the same for all rows.
  static func key(_ row: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let quote = UInt8(ascii: "\"")
    let isObject = row.dropFirst(RecordJSON.indent.count).first == UInt8(ascii: "{")
    let named = isObject ? row.rest(afterLast: #""name":"#) : nil
    return (named ?? row.drop { $0 != quote }).dropFirst().prefix { $0 != quote }
  }
}

extension [UInt8] {
  /// Each in a line of its own, with commas between them, after what is there already.
  mutating func append(lines: some Collection<ArraySlice<UInt8>>) {
    reserveCapacity(lines.reduce(count + 16) { $0 + $1.count + 2 })
    for (index, line) in lines.enumerated() {
      self += index == 0 ? "\n".utf8 : ",\n".utf8
      self += line
    }
    append(UInt8(ascii: "\n"))
  }
}

extension ArraySlice<UInt8> {
  /// The part behind the last place of a word. Nil when the word is nowhere.
  fileprivate func rest(afterLast word: String) -> ArraySlice<UInt8>? {
    let word = Array(word.utf8)
    let start = indices.last { self[$0] == word[0] && self[$0...].starts(with: word) }
    return start.map { self[($0 + word.count)...] }
  }
}
