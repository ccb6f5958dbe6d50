// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

/// The resources that an earlier run has put in place.
package struct ManagedSet: Sendable {
  package var resources: [ManagedResource]
  /// Recorded by another version of the program, in a form that this one does not know: it cannot take them away.
  package var unreadable: [ResourceID]

  package init(resources: [ManagedResource] = [], unreadable: [ResourceID] = []) {
    self.resources = resources
    self.unreadable = unreadable
  }

  /// Resources as one text, which `init(json:catalog:)` reads again.
  package static func json(_ resources: [ManagedResource]) throws(AuditError) -> [UInt8] {
    try ManagedLines().json(resources)
  }

  /// The resources that a plan is about to put in place. A removal adds nothing: the record lists it already.
  package static func intended(by plan: Plan, _ desired: [Resource]) -> [ManagedResource] {
    let changing = Set(plan.steps.lazy.map(\.resource))
    return desired.filter { changing.contains($0.id) }.map { ManagedResource(id: $0.id, desired: $0.desired) }
  }

  /// The same, as `json` writes it.
  package static func intents(of plan: Plan, _ desired: [Resource]) throws(AuditError) -> [UInt8] {
    try json(intended(by: plan, desired))
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

enum ManagedKey: String, CodingKey { case id, desired }

extension CodingUserInfoKey {
  fileprivate static let catalog: CodingUserInfoKey = {
    guard let key = CodingUserInfoKey(rawValue: "catalog") else {
      preconditionFailure("a raw value is always accepted")
    }
    return key
  }()
}

extension AuditError {
  static func notJSON(_ error: any Error) -> AuditError {
    AuditError(
      .git, "the record cannot be written as JSON", cause: "\(error)",
      next: "This is a bug in cluster: report it together with the spec.")
  }
}
