// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The addresses that a host may answer at, while it is on its way from one to another.
///
/// The description says where it is to be, the record where it was left. Whoever changes the address in the description
/// must still be let in at the former one, and must come in at the new one before that counts as done.
struct SSHRoutes: Sendable {
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

  /// Tries one route after the other, for as long as nobody answers there, or somebody with another key.
  static func first<Value>(
    of routes: [SSHProgram], _ body: (SSHProgram) async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    var rest = routes[...]
    while true {
      let route = rest.removeFirst()
      do throws(AgentError) { return try await body(route) } catch {
        // Who does not answer does not answer to another name either.
        if error.code == .unreachable { rest.removeAll { $0.hostName == route.hostName } }
        guard error.isNotThere, !rest.isEmpty else { throw error }
      }
    }
  }
}

extension AgentError {
  /// The host is not there, as far as the address tells.
  var isNotThere: Bool { code == .unreachable || code == .hostKey }
  /// The host itself has said what has become of a change.
  var isHostsOwn: Bool { code == .rolledBack || code == .conflict || code == .notFound }
}

/// The addresses that a host has on other networks, for when nobody answers at the one it is reached at.
///
/// The host has to show the key that is known from there. Addresses of inner networks are the same at many sites: a
/// machine of somebody else's that answers is not let in, nor is its key learnt.
struct SSHOtherAddresses: Sendable {
  private let routes: [SSHProgram]

  /// - Parameter tried: addresses where nobody has answered.
  init(_ program: SSHProgram, _ addresses: [String], tried: [String]) async throws(AgentError) {
    let known = try await SSHKnownHosts(program)
    let name = known.name(of: program)
    let tried = Set(tried + [program.hostName ?? known.hostName])
    routes = addresses.filter { !tried.contains($0) }.map { address in
      var route = program
      (route.hostName, route.keyName, route.isOtherAddress) = (address, name, true)
      return route
    }
  }

  /// The first one that lets us in, all being asked at once. Nil: none does.
  func firstToAnswer() async -> SSHProgram? {
    await withTaskGroup(of: SSHProgram?.self) { group in
      for route in routes {
        group.addTask {
          // Its words matter to nobody: what is told is why the first address cannot be used.
          let result = try? await Command.run("ssh", route.alone(["true"]), deadline: .seconds(8))
          return result?.succeeded == true ? route : nil
        }
      }
      for await case let route? in group {
        group.cancelAll()
        return route
      }
      return nil
    }
  }

  /// Adds to the error of the first address that the others were tried too.
  func explain(_ error: AgentError) -> AgentError {
    guard !routes.isEmpty else { return error }
    var error = error
    let others = routes.compactMap(\.hostName).joined(separator: ", ")
    error.cause = [error.cause, "It does not answer at its other addresses either: \(others)"].compactMap(\.self)
      .joined(separator: "\n")
    return error
  }
}
