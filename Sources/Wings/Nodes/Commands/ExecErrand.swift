// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// `cluster exec HOSTLIST -- PROGRAM`: a program run as root on nodes, by the active head.
///
/// - What a program does is not known here: it is shown, agreed to and recorded, and never taken back.
/// - It is run once for each run: the head that ran it has a note, and each node remembers that it was begun.
/// - A node that is not reached blocks no other.
package struct ExecErrand: Errand {
  package static let name = "exec"

  package let argv: [String]
  package let nodes: [HostID]
  package let seconds: Int
  /// The name of its run.
  package let token: String

  package init(_ argv: [String], on nodes: [HostID], seconds: Int, token: String) {
    self.argv = argv
    self.nodes = nodes
    self.seconds = seconds
    self.token = token
  }

  package var words: String { "\(Self.name) \(HostlistText.fold(nodes)) -- \(NodeCommandGoal.words(argv))" }

  package func questions(_ sight: ErrandSight) -> [Question] {
    sight.cluster.heads.map { Question($0.name, NodeCommandProbe(token)) }
  }

  package func plan(_ sight: ErrandSight) throws(ErrandRefusal) -> ErrandPlan {
    let places = try places(sight.cluster)
    var plan = ErrandPlan()
    if Self.results(of: token, sight) != nil { return plan }
    let resource = ResourceID(Self.name, "nodes")
    do throws(Unreadable) {
      // A head that does not answer cannot run it either.
      guard try sight.answers.answer(sight.activeHead, NodeCommandProbe(token)) != nil else {
        throw .unasked(sight.activeHead)
      }
      let goal = NodeCommandGoal(argv: argv, nodes: places, token: token, seconds: seconds)
      plan.steps.append(
        (resource, StepDraft("run", on: sight.activeHead, EnsureCommandRun(goal), because: "it was asked for")))
    } catch { plan.blocked.append((resource, error)) }
    return plan
  }

  /// The results that a head has noted: it may not have been the one that is active now.
  package static func results(of token: String, _ sight: ErrandSight) -> [NodeCommandResult]? {
    for head in sight.cluster.heads {
      if let results = try? sight.answers.answer(head.name, NodeCommandProbe(token)) ?? nil { return results }
    }
    return nil
  }

  private func places(_ cluster: Cluster) throws(ErrandRefusal) -> [NodePlace] {
    let known = Dictionary(cluster.nodes.map { ($0.name, $0) }) { first, _ in first }
    var places: [NodePlace] = []
    for name in nodes {
      if cluster.heads.contains(where: { $0.name == name }) {
        throw ErrandRefusal(
          "\(name) is left alone", because: "it is a head: programs are run on nodes",
          next: "Log in to it: `ssh \(name)`.")
      }
      guard let node = known[name] else {
        throw ErrandRefusal(
          "nothing is run on \(name)", because: "the description has no such node",
          next: "Name nodes of the description: `node[01-10]`.")
      }
      if cluster.waitsForMAC(node) {
        throw ErrandRefusal(
          "nothing is run on \(name)", because: "it has no MAC address yet, and so it has not booted",
          next: "Switch it on, then `cluster discover --assign \(name)`.")
      }
      guard let address = cluster.bootNIC(of: node)?.address else {
        throw ErrandRefusal(
          "nothing is run on \(name)", because: "it has no address on the boot network",
          next: "Give it one: heads log in to nodes there.")
      }
      places.append(NodePlace(name: name, address: address))
    }
    return places
  }
}
