// SPDX-License-Identifier: Apache-2.0

/// One operation, whichever it is: what a step holds, and what travels to an agent.
package struct AnyOperation: Sendable {
  package let base: any HostOperation

  package init(_ base: some HostOperation) { self.base = base }

  package var name: String { type(of: base).name }
  package var secrets: Set<SecretRef> { base.secrets }
  package var machine: HostID? { base.machine }
  package func claims(on host: HostID) -> [Claim] { base.claims(on: host) }
  package var lockout: Lockout { base.lockout }
  package var impact: Impact { base.impact }
  package var isRemoval: Bool { base.isRemoval }
  package var timing: OperationTiming { base.timing }
  package var expectation: Expectation? { base.expectation }
  package var target: String { base.target }
  package func title(verb: String, machines: String) -> String { base.title(verb: verb, machines: machines) }
  package var counting: CountingWords { base.counting }
  package var undoing: String { base.undoing }

  /// Whether it is done under a dead-man switch, and only counted as done once it is confirmed over a new connection.
  package var canLockOut: Bool { lockout.touched != nil }

  /// The queue that it waits in on its host: see `OperationTiming.lane`.
  package var lane: String? {
    // A host keeps what was there before one such change at a time.
    canLockOut ? "way" : timing.lane
  }

  /// The operation as one of its own type, for those who own that type. Nil: it is another.
  package func `as`<Operation: HostOperation>(_ type: Operation.Type) -> Operation? { base as? Operation }
}

extension AnyOperation: Hashable {
  package static func == (a: AnyOperation, b: AnyOperation) -> Bool {
    // Types are compared first: a cast that fails costs more than the comparison of two values.
    type(of: a.base) == type(of: b.base) && a.base.isEqual(to: b.base)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    base.hash(into: &hasher)
  }
}

extension HostOperation {
  fileprivate func isEqual(to other: any HostOperation) -> Bool { (other as? Self) == self }
}

/// As `{"name": "ensureFile", "goal": …}`. To read one, the decoder must know the catalog: see `OperationCatalog`.
extension AnyOperation: Codable {
  private enum CodingKeys: String, CodingKey { case name, goal }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let name = try values.decode(String.self, forKey: .name)
    let catalog = try OperationCatalog.of(decoder)
    guard let type = catalog[name] else { throw UnknownOperation(name: name) }
    func decoded<Operation: HostOperation>(_ type: Operation.Type) throws -> AnyOperation {
      AnyOperation(try values.decode(type, forKey: .goal))
    }
    self = try decoded(type)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(base, forKey: .goal)
  }
}

/// The operations that there are, by name: what a decoder may make of bytes, and nothing else.
package struct OperationCatalog: Sendable {
  /// Sorted by name.
  package let types: [any HostOperation.Type]
  private let byName: [String: any HostOperation.Type]

  package init(_ types: [any HostOperation.Type]) {
    self.types = types.sorted { $0.name < $1.name }
    byName = Dictionary(uniqueKeysWithValues: types.map { ($0.name, $0) })
  }

  package var names: [String] { types.map { $0.name } }
  package subscript(_ name: String) -> (any HostOperation.Type)? { byName[name] }

  private static let key = CodingUserInfoKey(rawValue: "cluster.operations")

  /// For a decoder: `decoder.userInfo = catalog.userInfo`.
  package var userInfo: [CodingUserInfoKey: any Sendable] {
    Self.key.map { [$0: self] } ?? [:]
  }

  /// The catalog that a decoder was given.
  static func of(_ decoder: any Decoder) throws -> OperationCatalog {
    if let catalog = key.flatMap({ decoder.userInfo[$0] }) as? OperationCatalog { return catalog }
    throw DecodingError.dataCorrupted(
      DecodingError.Context(
        codingPath: decoder.codingPath, debugDescription: "the decoder was not given a catalog of operations"))
  }
}

/// An operation that the catalog at hand does not have.
package struct UnknownOperation: Error, Hashable, CustomStringConvertible {
  package var name: String
  package init(name: String) { self.name = name }
  package var description: String { "there is no operation \(name)" }
}
