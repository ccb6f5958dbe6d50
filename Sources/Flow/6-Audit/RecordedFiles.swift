// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

extension AuditRecord {
  /// The files of the run's commit, by path.
  func files() throws(AuditError) -> [String: RecordedFile] {
    var files = [
      "plan.json": Array(planJSON.utf8),
      "plan.txt": Array(planText.utf8),
      "outcome.txt": Array(outcome.table.utf8),
    ]
    do {
      files["outcome.json"] = try Self.json(outcome)
      files["managed.json"] = try ManagedSet.json(managed)
    } catch {
      throw AuditError(
        .git, "the record cannot be written as JSON", cause: "\(error)",
        next: "This is a defect of the program: report it together with the spec.")
    }
    for (path, text) in observed { files["observed/" + path] = Array(text.utf8) }
    var recorded = files.mapValues { RecordedFile($0) }
    for (path, file) in specification { recorded["spec/" + path] = file }
    return recorded
  }

  /// The commit's message. The trailers are what `log` reads: see git-interpret-trailers(1).
  var message: String {
    let trailers = [
      ("Spec", spec.label), ("Run", outcome.run), ("Result", result), ("By", by), ("Tool", tool), ("Site", site),
    ]
    let lines = trailers.map { key, value in
      "\(key): \(value.split(whereSeparator: \.isNewline).joined(separator: " "))"
    }
    return subject.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n\n" + lines.joined(separator: "\n")
      + "\n"
  }

  /// An array with one value a line, so that the difference between two runs names the resources that changed.
  fileprivate static func lines(_ values: [some Encodable]) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var bytes = Array("[".utf8)
    for (index, value) in values.enumerated() {
      bytes += Array((index == 0 ? "\n" : ",\n").utf8)
      bytes += try encoder.encode(value)
    }
    return bytes + Array("\n]\n".utf8)
  }

  private static func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [10]
  }
}

extension RunOutcome {
  /// One line a step: result, seconds, step, detail.
  var table: String {
    steps.map { step in
      let word = step.word.padding(toLength: 12, withPad: " ", startingAt: 0)
      let seconds = String(format: "%8.1f s", step.seconds)
      return "\(word)\(seconds)  \(step.step)  \(step.detail)\n"
    }.joined()
  }
}

/// A managed resource in `managed.json`.
private struct ManagedEntry: Encodable {
  let resource: ManagedResource
  init(_ resource: ManagedResource) { self.resource = resource }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ManagedKey.self)
    try container.encode(resource.id, forKey: .id)
    try resource.desired.encode(to: container.superEncoder(forKey: .desired))
  }
}

private enum ManagedKey: String, CodingKey { case id, desired }

/// The resources that an earlier run has put in place.
package struct ManagedSet: Sendable {
  package var resources: [ManagedResource]
  /// Recorded by another version of the program, in a form that this one does not know: it cannot take them away.
  package var unreadable: [ResourceID]

  package init(resources: [ManagedResource] = [], unreadable: [ResourceID] = []) {
    self.resources = resources
    self.unreadable = unreadable
  }

  /// Resources as `managed.json` lists them, which `init(json:catalog:)` reads again.
  package static func json(_ resources: [ManagedResource]) throws -> [UInt8] {
    try AuditRecord.lines(resources.sorted { $0.id < $1.id }.map(ManagedEntry.init))
  }

  /// What a plan is about to put in place, as `json` writes it. A removal adds nothing: the record lists it already.
  package static func intents(of plan: Plan, _ desired: [Resource]) throws -> [UInt8] {
    let changing = Set(plan.steps.lazy.map(\.resource))
    return try json(
      desired.lazy.filter { changing.contains($0.id) }.map { ManagedResource(id: $0.id, desired: $0.desired) })
  }

  package init(json: [UInt8], catalog: [String: AnyKind]) throws {
    let decoder = JSONDecoder()
    decoder.userInfo[.catalog] = catalog
    self.init()
    for entry in try decoder.decode([Entry].self, from: Data(json)) {
      if let desired = entry.desired {
        resources.append(ManagedResource(id: entry.id, desired: desired))
      } else {
        unreadable.append(entry.id)
      }
    }
  }

  private struct Entry: Decodable {
    let id: ResourceID
    let desired: (any DesiredState)?

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: ManagedKey.self)
      id = try container.decode(ResourceID.self, forKey: .id)
      let catalog = decoder.userInfo[.catalog] as? [String: AnyKind]
      // Each entry on its own: one that cannot be read is told to the caller and takes no other along.
      desired = try? catalog?[id.kind]?.decode(container.superDecoder(forKey: .desired))
    }
  }
}

extension CodingUserInfoKey {
  fileprivate static let catalog: CodingUserInfoKey = {
    guard let key = CodingUserInfoKey(rawValue: "catalog") else {
      preconditionFailure("a raw value is always accepted")
    }
    return key
  }()
}
