// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Answers by the sort of question. Nil means that the host does not exist yet; an answer of another sort is a mistake
/// of whoever asked, and is reported rather than taken for absence.
extension Answers {
  package func system(_ host: HostID) throws(Unreadable) -> SystemState? {
    switch try answer(host, .system) {
    case .system(let state): state
    case nil: nil
    default: throw .unasked(host)
    }
  }

  package func file(_ host: HostID, _ path: String) throws(Unreadable) -> FileState? {
    switch try answer(host, .file(path: path, contents: true)) {
    case .file(let state): state
    case nil: nil
    default: throw .unasked(host)
    }
  }

  package func secretFile(_ host: HostID, _ path: String, _ secret: SecretRef) throws(Unreadable) -> SecretFileState? {
    switch try answer(host, .secretFile(path: path, secret: secret)) {
    case .secretFile(let state): state
    case nil: nil
    default: throw .unasked(host)
    }
  }

  package func tree(_ host: HostID, _ root: String) throws(Unreadable) -> TreeState? {
    switch try answer(host, .tree(root: root)) {
    case .tree(let state): state
    case nil: nil
    default: throw .unasked(host)
    }
  }

  package func packages(_ host: HostID, _ names: [String]) throws(Unreadable) -> [String: String]? {
    switch try answer(host, .packages(names)) {
    case .packages(let versions): versions
    case nil: nil
    default: throw .unasked(host)
    }
  }

  package func unit(_ host: HostID, _ goal: UnitGoal) throws(Unreadable) -> UnitState? {
    switch try answer(host, .unit(name: goal.name, configuration: goal.configuration)) {
    case .unit(let state): state
    case nil: nil
    default: throw .unasked(host)
    }
  }

  package func links(_ host: HostID) throws(Unreadable) -> [LinkState]? {
    switch try answer(host, .links) {
    case .links(let states): states
    case nil: nil
    default: throw .unasked(host)
    }
  }
}

extension ResourceID {
  /// The host of a kind whose resources each live on one. Features make such ids only through the kind's `id(on:)`.
  package var onlyHost: HostID {
    guard let host else { preconditionFailure("\(self) names no host") }
    return host
  }
}
