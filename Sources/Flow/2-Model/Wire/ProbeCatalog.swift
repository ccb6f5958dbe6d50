// SPDX-License-Identifier: Apache-2.0

/// The probes that somebody knows, by their names on the wire. Whoever decodes a probe or an answer is given one: no
/// other probe can arrive.
package struct ProbeCatalog: Sendable {
  private let types: [String: any Probe.Type]

  /// - Parameter types: no two with one name.
  package init(_ types: [any Probe.Type]) {
    self.types = Dictionary(uniqueKeysWithValues: types.map { ($0.name, $0) })
  }

  package var names: [String] { types.keys.sorted() }
  package var all: [any Probe.Type] { types.values.sorted { $0.name < $1.name } }

  private static let key = CodingUserInfoKey(rawValue: "cluster.probes")

  /// For a decoder: `decoder.userInfo = catalog.userInfo`.
  package var userInfo: [CodingUserInfoKey: any Sendable] { Self.key.map { [$0: self] } ?? [:] }

  fileprivate static func type(named name: String, for decoder: any Decoder) throws -> any Probe.Type {
    guard let catalog = key.flatMap({ decoder.userInfo[$0] }) as? ProbeCatalog else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "the decoder was not given a catalog of probes"))
    }
    guard let type = catalog.types[name] else { throw UnknownProbe(name: name) }
    return type
  }
}

/// A probe that the catalog at hand does not have, or an answer to one.
package struct UnknownProbe: Error, Hashable, Sendable {
  package var name: String
}

extension AnyProbe: Codable {
  private enum Key: CodingKey { case name, of }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(probe, forKey: .of)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let type = try ProbeCatalog.type(named: container.decode(String.self, forKey: .name), for: decoder)
    func probe<P: Probe>(_ type: P.Type) throws -> AnyProbe { AnyProbe(try container.decode(type, forKey: .of)) }
    self = try probe(type)
  }
}

extension AnyAnswer: Codable {
  private enum Key: CodingKey { case name, answer, failed }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .answered(let value):
      try container.encode(value.name, forKey: .name)
      try container.encode(value.answer, forKey: .answer)
    case .failed(let error): try container.encode(error, forKey: .failed)
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let error = try container.decodeIfPresent(AgentError.self, forKey: .failed) {
      self = .failed(error)
      return
    }
    func answer<P: Probe>(to probe: P.Type) throws -> AnyAnswer {
      AnyAnswer(probe, try container.decode(P.Answer.self, forKey: .answer))
    }
    let type = try ProbeCatalog.type(named: container.decode(String.self, forKey: .name), for: decoder)
    self = try answer(to: type)
  }
}

/// All that may arrive in a conversation with an agent. The engine knows no probe and no operation: it is given them.
package struct WireCatalog: Sendable {
  package let probes: ProbeCatalog
  package let operations: OperationCatalog

  package init(probes: ProbeCatalog, operations: OperationCatalog) {
    self.probes = probes
    self.operations = operations
  }

  /// For the decoder of the conversation.
  package var userInfo: [CodingUserInfoKey: any Sendable] {
    probes.userInfo.merging(operations.userInfo) { first, _ in first }
  }
}
