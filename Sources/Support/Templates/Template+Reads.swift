// SPDX-License-Identifier: Apache-2.0

extension Template {
  /// The names of the variables that it reads, whatever the values are: where none of them has changed, the text is the
  /// same. Names that its own loops give are not among them.
  package var reads: Set<String> { Self.reads(parts) }

  private static func reads(_ parts: [Part]) -> Set<String> {
    parts.reduce(into: []) { names, part in
      switch part {
      case .text: break
      case .output(let expression): names.formUnion(expression.reads)
      case .choice(let branches, let otherwise):
        for branch in branches { names.formUnion(branch.condition.reads.union(reads(branch.parts))) }
        names.formUnion(reads(otherwise))
      case .loop(let name, let list, let body, let otherwise):
        names.formUnion(list.reads.union(reads(otherwise)))
        names.formUnion(reads(body).subtracting([name, "loop"]))
      }
    }
  }
}

extension Expression {
  fileprivate var reads: Set<String> {
    switch form {
    case .literal: []
    case .path(let path): Set(path.prefix(1))
    case .filter(let value, _, let arguments): arguments.reduce(value.reads) { $0.union($1.reads) }
    case .not(let inner): inner.reads
    case .both(let a, let b), .either(let a, let b), .compare(let a, _, let b): a.reads.union(b.reads)
    case .contains(let list, let item): list.reads.union(item.reads)
    }
  }
}
