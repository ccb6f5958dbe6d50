// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import HostAccess
import Reconciler

/// What `cluster lab up` starts from.
enum LabSpec {
  /// This program's own file; the lab's machines and BMCs run a copy of it.
  static func program() throws(AgentError) -> String {
    guard let path = Bundle.main.executablePath else {
      throw AgentError(.notFound, "This program cannot find its own file", next: "Call it by its full path.")
    }
    return path
  }

  /// Problems are shown as `cluster validate` shows them.
  static func cluster(_ file: String) throws(AgentError) -> Cluster {
    do {
      let specification = try Specification.load(URL(fileURLWithPath: file))
      if let cluster = specification.cluster { return cluster }
    } catch {
      throw AgentError(.notFound, "\(file) could not be read", cause: "\(error)", next: "Name another with --file.")
    }
    throw AgentError(.invalid, "\(file) describes no cluster", next: "See what is wrong with it: cluster validate")
  }
}
