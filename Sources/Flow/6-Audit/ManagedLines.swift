// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Synchronization

/// What `managed.json` says of each resource: one line, or several where it lists objects such as nodes, of which all
/// but the first are indented.
///
/// The text is kept from when it was read or first written: a run changes few resources, and making JSON of all the
/// others again would take longer than everything else that a commit needs.
package final class ManagedLines: Sendable {
  private struct Entry {
    var desired: any DesiredState
    var bytes: ArraySlice<UInt8>
  }

  private let known = Mutex<[ResourceID: Entry]>([:])

  package init() {}

  /// The whole file, sorted by what the resources are called.
  package func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] {
    let result = known.withLock { known -> Result<[UInt8], AuditError> in
      var bytes = Array("[".utf8)
      for (index, resource) in resources.sorted(by: { $0.id < $1.id }).enumerated() {
        bytes += index == 0 ? "\n".utf8 : ",\n".utf8
        do throws(AuditError) { bytes += try Self.entry(resource, &known) } catch { return .failure(error) }
      }
      bytes += "\n]\n".utf8
      return .success(bytes)
    }
    return try result.get()
  }

  /// Remembers the entries of a file that was read. `managed` is what it says.
  func keep(_ json: [UInt8], of managed: ManagedSet) {
    let entries = Self.entries(json)
    // Only as it is written above, and with nothing in it that could not be read: else entry and resource do not pair.
    guard entries.count == managed.resources.count, managed.unreadable.isEmpty else { return }
    known.withLock { known in
      for (bytes, resource) in zip(entries, managed.resources) {
        known[resource.id] = Entry(desired: resource.desired, bytes: bytes)
      }
    }
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

  private static func entry(
    _ resource: ManagedResource, _ known: inout [ResourceID: Entry]
  ) throws(AuditError) -> ArraySlice<UInt8> {
    if let entry = known[resource.id], equal(resource.desired, entry.desired) { return entry.bytes }
    do {
      let json = try RecordJSON.encoder().encode(Encoded(resource: resource))
      let entry = Entry(desired: resource.desired, bytes: ArraySlice(RecordJSON.lines(json)))
      known[resource.id] = entry
      return entry.bytes
    } catch { throw .notJSON(error) }
  }

  private static func equal<State: DesiredState>(_ a: State, _ b: any DesiredState) -> Bool { b as? State == a }

  private struct Encoded: Encodable {
    let resource: ManagedResource

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: ManagedKey.self)
      try container.encode(resource.id, forKey: .id)
      try resource.desired.encode(to: container.superEncoder(forKey: .desired))
    }
  }
}
