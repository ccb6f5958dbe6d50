// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The addresses that a host may answer at, while it is on its way from one to another.
///
/// The description says where it is to be, the record where it was left. Whoever changes the address in the description
/// must still be let in at the former one, and must come in at the new one before that counts as done.
struct SSHWays: Sendable {
  /// To the address of the description, whose key is known by that address.
  let described: SSHProgram
  /// To the former address. Nil: there is none.
  let former: SSHProgram?
  /// To the address of the description, where it has to show the key that is known from the former one.
  let moved: SSHProgram?

  /// - Parameter former: the address that the record knows.
  init(_ described: SSHProgram, former: String?) async throws(AgentError) {
    self.described = described
    guard let former, former != described.hostName else {
      (self.former, moved) = (nil, nil)
      return
    }
    var (before, after) = (described, described)
    before.hostName = former
    after.keyName = try await SSHKnownHosts(described).name(of: former)
    (self.former, moved) = (before, after)
  }

  /// In the order in which they are tried.
  /// - Parameter hasMoved: the host was told to take the described address.
  func all(hasMoved: Bool) -> [SSHProgram] {
    let (old, new) = ([former].compactMap(\.self), [moved, described].compactMap(\.self))
    return hasMoved ? new + old : old + new
  }

  /// Tries one way after the other, for as long as nobody answers there, or somebody with another key.
  static func first<Value>(
    of ways: [SSHProgram], _ body: (SSHProgram) async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    var rest = ways[...]
    while true {
      let way = rest.removeFirst()
      do throws(AgentError) { return try await body(way) } catch {
        // Who does not answer does not answer to another name either.
        if error.code == .unreachable { rest.removeAll { $0.hostName == way.hostName } }
        guard error.isNoWay, !rest.isEmpty else { throw error }
      }
    }
  }
}

extension AgentError {
  /// The host is not there, as far as the address tells.
  var isNoWay: Bool { code == .unreachable || code == .hostKey }
  /// The host itself has said what has become of a change.
  var isHostsOwn: Bool { code == .rolledBack || code == .conflict || code == .notFound }
}
