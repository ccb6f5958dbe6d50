// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Synchronization

/// The record's text for each managed resource: one line, or several where it lists objects such as nodes or files,
/// of which all but the first are indented.
///
/// The text is kept from when it was read or first written: a run changes few resources, and making JSON of all the
/// others again would take longer than everything else that a commit needs. So are the files that it makes up.
package final class ManagedLines: Sendable {
  struct Entry {
    var desired: any DesiredState
    var bytes: ArraySlice<UInt8>
    /// Another one whenever the text is written anew.
    var number: Int
    /// Where the entry is too long for the file of its kind. Nil: it was not asked yet.
    var ownFiles: [String: [UInt8]]?
  }

  /// The files of one host's resources of one kind, as they were made up last.
  struct Folder {
    var numbers: [Int]
    var files: [String: [UInt8]]
  }

  struct State {
    /// The last entries of each resource, the newest at the end.
    var entries: [ResourceID: [Entry]] = [:]
    var folders: [String: Folder] = [:]
    let variants: Int
    private var numbers = 0

    init(variants: Int) { self.variants = variants }

    /// The text of a resource: the one that is kept when it is of the same desired state.
    mutating func entry(_ resource: ManagedResource) throws(AuditError) -> Entry {
      if let index = entries.index(forKey: resource.id), let known = entries.values[index].find(resource.desired) {
        // The same value is found to be the same at once the next time.
        entries.values[index][known].desired = resource.desired
        return entries.values[index][known]
      }
      do {
        let json = try RecordJSON.encoder().encode(Encoded(resource: resource))
        return keep(ArraySlice(RecordJSON.lines(json)), of: resource)
      } catch { throw .notJSON(error) }
    }

    @discardableResult mutating func keep(_ bytes: ArraySlice<UInt8>, of resource: ManagedResource) -> Entry {
      numbers += 1
      let entry = Entry(desired: resource.desired, bytes: bytes, number: numbers)
      var kept = entries.removeValue(forKey: resource.id) ?? []
      if kept.count == variants { kept.removeFirst() }
      entries[resource.id] = kept + [entry]
      return entry
    }
  }

  let state: Mutex<State>

  /// - Parameter variants: how many texts of a resource are kept. One is enough for the record of one site.
  package init(variants: Int = 1) { state = Mutex(State(variants: variants)) }

  /// All in one text, sorted by what the resources are called.
  package func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] {
    try withState { (state) throws(AuditError) in
      var entries: [ArraySlice<UInt8>] = []
      for resource in resources.sorted(by: { $0.id < $1.id }) { entries.append(try state.entry(resource).bytes) }
      return Self.list(entries)
    }
  }

  func withState<Value>(_ body: (inout State) throws(AuditError) -> sending Value) throws(AuditError) -> Value {
    let result = state.withLock { state -> Result<Value, AuditError> in
      do throws(AuditError) { return .success(try body(&state)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Remembers the entries of a text that was read. `managed` is what it says.
  func keep(_ json: [UInt8], of managed: ManagedSet) {
    let entries = Self.entries(json)
    // Only as it is written above, and with nothing in it that could not be read: else entry and resource do not pair.
    guard entries.count == managed.resources.count, managed.unreadable.isEmpty else { return }
    state.withLock { state in
      for (bytes, resource) in zip(entries, managed.resources) { state.keep(bytes, of: resource) }
    }
  }

  static func list(_ entries: [ArraySlice<UInt8>]) -> [UInt8] {
    var bytes = Array("[".utf8)
    bytes.append(lines: entries)
    return bytes + "]\n".utf8
  }

  /// The text of each resource, without the commas between them.
  static func entries(_ json: [UInt8]) -> [ArraySlice<UInt8>] {
    var entries: [ArraySlice<UInt8>] = []
    for line in json.split(separator: UInt8(ascii: "\n")).dropFirst().dropLast() {
      // Continued by lines that are indented, and by the one that ends the list in it.
      if let last = entries.last, line.first != UInt8(ascii: "{") {
        entries[entries.count - 1] = json[last.startIndex..<line.endIndex]
      } else {
        entries.append(line)
      }
    }
    return entries.map { $0.last == UInt8(ascii: ",") ? $0.dropLast() : $0 }
  }

  private struct Encoded: Encodable {
    let resource: ManagedResource

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: ManagedKey.self)
      try container.encode(resource.id, forKey: .id)
      try resource.desired.encode(to: container.superEncoder(forKey: .desired))
    }
  }
}

extension [ManagedLines.Entry] {
  /// The place of the text of this state.
  fileprivate func find<State: DesiredState>(_ state: State) -> Int? {
    indices.reversed().first { self[$0].desired as? State == state }
  }
}
