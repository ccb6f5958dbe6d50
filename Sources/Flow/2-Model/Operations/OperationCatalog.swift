// SPDX-License-Identifier: Apache-2.0

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
