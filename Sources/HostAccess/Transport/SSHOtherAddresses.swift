// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The addresses that a host has on other networks, for when nobody answers at the one it is reached at.
///
/// The host has to show the key that is known from there. Addresses of inner networks are the same at many sites: a
/// machine of somebody else's that answers is not let in, nor is its key learnt.
struct SSHOtherAddresses: Sendable {
  private let ways: [SSHProgram]

  /// - Parameter tried: addresses where nobody has answered.
  init(_ program: SSHProgram, _ addresses: [String], tried: [String]) async throws(AgentError) {
    let known = try await SSHKnownHosts(program)
    let name = known.name(of: program)
    let tried = Set(tried + [program.hostName ?? known.hostName])
    ways = addresses.filter { !tried.contains($0) }.map { address in
      var way = program
      (way.hostName, way.keyName, way.isOtherAddress) = (address, name, true)
      return way
    }
  }

  /// The first one that lets us in, all being asked at once. Nil: none does.
  func firstToAnswer() async -> SSHProgram? {
    await withTaskGroup(of: SSHProgram?.self) { group in
      for way in ways {
        group.addTask {
          // Its words matter to nobody: what is told is why the first address cannot be used.
          let result = try? await Command.run("ssh", way.alone(["true"]), deadline: .seconds(8))
          return result?.succeeded == true ? way : nil
        }
      }
      for await case let way? in group {
        group.cancelAll()
        return way
      }
      return nil
    }
  }

  /// Adds to the error of the first address that the others were tried too.
  func explain(_ error: AgentError) -> AgentError {
    guard !ways.isEmpty else { return error }
    var error = error
    let others = ways.compactMap(\.hostName).joined(separator: ", ")
    error.cause = [error.cause, "It does not answer at its other addresses either: \(others)"].compactMap(\.self)
      .joined(separator: "\n")
    return error
  }
}
