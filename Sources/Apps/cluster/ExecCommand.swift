// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import Wings

struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a program as root on nodes, many at once, and show what it prints.",
    discussion: """
      cluster exec node[001-004] -- systemctl is-active slurmd

      The active head logs in to the nodes, at most \(NodePlace.atOnce) at once. Nodes on which it ended alike are shown \
      together. The run is recorded with the program's words; what it printed is not, unless it is short and the same \
      everywhere. For a pipe: `-- sh -c '…'`.

      \(ExitStatus.table)
      """)

  @Argument(help: ArgumentHelp("Nodes, as a hostlist: node[01-16] or node1,node2.", valueName: "hostlist"))
  var nodes: String

  @Argument(parsing: .postTerminator, help: "The program and its arguments, behind `--`.")
  var program: [String] = []

  @Option(help: ArgumentHelp("Stop the program after so many seconds.", valueName: "seconds"))
  var timeout = 60

  @OptionGroup var errand: ErrandOptions

  func validate() throws {
    _ = try MachinesArgument.names(nodes)
    guard let first = program.first, !first.isEmpty else {
      throw ValidationError("There is no program. Write it behind `--`: cluster exec \(nodes) -- uptime")
    }
    guard !program.contains(where: { $0.utf8.contains(0) }) else { throw ValidationError("A word has a zero byte.") }
    guard (1...3600).contains(timeout) else { throw ValidationError("--timeout is 1 to 3600 seconds.") }
    try errand.check()
  }

  func run() async throws {
    let names = try MachinesArgument.names(nodes)
    try await errand.carryOut { run, _ in
      ExecErrand(program, on: names, seconds: timeout, token: run)
    } after: { run, reconciler in
      let sight = try await reconciler.look { sight in
        sight.cluster.heads.map { Question($0.name, NodeCommandProbe(run)) }
      }
      guard let results = ExecErrand.results(of: run, sight) else {
        throw Failure("the results are lost: no head tells them", next: "`cluster show \(run)` has a summary.")
      }
      Terminal.print(ExecReport.text(results))
      let failed = results.filter { !$0.succeeded }.map(\.node)
      if !failed.isEmpty {
        throw Failure(
          "it failed on \(failed.count) of \(results.count) nodes: \(HostlistText.fold(failed))",
          next: "Read above what it said there.", status: .partial)
      }
    }
  }
}

/// A program's output on many nodes: those on which it ended alike in one block.
enum ExecReport {
  private struct Group: Hashable {
    var ending: NodeCommandResult.Ending
    var output: Content
    var errors: Content
    var isCut: Bool
  }

  static func text(_ results: [NodeCommandResult]) -> String {
    var order: [Group] = []
    var nodes: [Group: [HostID]] = [:]
    for result in results {
      var group = Group(ending: result.ending, output: result.output, errors: result.errors, isCut: result.isCut)
      // Its words name the node: why several are not reached is one reason.
      if case .failed(var error) = result.ending {
        error.message = error.message.replacing(result.node.name, with: "it")
        error.cause = nil
        error.next = ""
        group.ending = .failed(error)
      }
      if nodes[group] == nil { order.append(group) }
      nodes[group, default: []].append(result.node)
    }
    return order.flatMap { lines($0, nodes[$0] ?? []) }.joined(separator: "\n")
  }

  private static func lines(_ group: Group, _ nodes: [HostID]) -> [String] {
    let count = nodes.count == 1 ? "" : " (\(nodes.count))"
    let ending: String =
      switch group.ending {
      case .ended(let status): "ended with \(status)"
      case .failed(let error): "not known: \(error)"
      }
    func text(_ content: Content) -> [String] {
      var lines = String(decoding: content.bytes, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map { "  " + String($0).visibleLine }
      if lines.last == "  " { lines.removeLast() }
      return lines
    }
    return ["\(HostlistText.fold(nodes))\(count): \(ending)"] + text(group.output) + text(group.errors)
      + (group.isCut ? ["  … and more, which is not kept"] : [])
  }
}
