// SPDX-License-Identifier: Apache-2.0

extension Template {
  /// The names of the variables that it reads, whatever the values are: where none of them has changed, the text is the
  /// same. Names that its own loops give are not among them.
  package var reads: Set<String> { Set(Self.paths(parts).compactMap(\.first)) }

  /// The fields of a variable that it may read. Nil: it reads the variable as a whole, and so any of them.
  package func fields(of variable: String) -> Set<String>? {
    var fields: Set<String> = []
    for path in Self.paths(parts) where path.first == variable {
      guard path.count > 1 else { return nil }
      fields.insert(path[1])
    }
    return fields
  }

  private static func paths(_ parts: [Part]) -> Set<[String]> {
    parts.reduce(into: []) { paths, part in
      switch part {
      case .text: break
      case .output(let expression): paths.formUnion(expression.paths)
      case .choice(let branches, let otherwise):
        for branch in branches { paths.formUnion(branch.condition.paths.union(Self.paths(branch.parts))) }
        paths.formUnion(Self.paths(otherwise))
      case .loop(let name, let list, let body, let otherwise):
        paths.formUnion(list.paths.union(Self.paths(otherwise)))
        paths.formUnion(Self.paths(body).filter { $0.first != name && $0.first != "loop" })
      }
    }
  }
}

extension Expression {
  fileprivate var paths: Set<[String]> {
    switch form {
    case .literal: []
    case .path(let path): [path]
    case .filter(let value, _, let arguments): arguments.reduce(value.paths) { $0.union($1.paths) }
    case .not(let inner): inner.paths
    case .both(let a, let b), .either(let a, let b), .compare(let a, _, let b): a.paths.union(b.paths)
    case .contains(let list, let item): list.paths.union(item.paths)
    }
  }
}
