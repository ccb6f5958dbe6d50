// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import SpecForms
import SpecReading

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Show a node, or edit nodes of cluster.yaml and its tables in place.",
    discussion: """
      add, rm and set edit the description and no machine: every byte that does not say the change stays as it is, and \
      what would not be valid is not written. Then comes `cluster plan`.

      \(ExitStatus.table)
      """,
    subcommands: [NodeShowCommand.self, NodeAddCommand.self, NodeRemoveCommand.self, NodeSetCommand.self])
}

struct NodeSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Write other values of nodes into the description.",
    discussion: """
      cluster node set node017 mac=0030.48c6.1b6a
      cluster node set node[001-016] state=out
      cluster node set node[001-016] address=10.1.1.1+

      Keys are called as the columns of a table: mac, address, bmc, bmc.mac, image, state, or eno1.mac where there are \
      several interfaces. `+` counts up with the names; `key=` takes the value away. Where one node of a group is to \
      differ from the others, the group's names become a table beside the description.
      """)

  @Argument(help: NodesArgument.help, completion: NodesArgument.completion) var nodes: String
  @Argument(help: ArgumentHelp("Values, as key=value.", valueName: "key=value"), completion: NodesArgument.values)
  var values: [String]
  @OptionGroup var change: ChangeOptions
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  func validate() throws {
    _ = try NodesArgument.names(nodes)
    try NodesArgument.check(options)
    if values.isEmpty { throw ValidationError("There is nothing to set. Write key=value, such as state=out.") }
    for value in values { _ = try NodesArgument.parts(value) }
  }

  func run() async throws {
    try await Failure.telling {
      let names = try NodesArgument.names(nodes)
      let change = try DescriptionChange(options)
      let assigned = zip(names, try NodesArgument.values(values, of: names, like: nil, change)).flatMap {
        name, values in
        values.map { NodeEditing.Assignment(name, $0) }
      }
      let rows = assigned.map { DescriptionChange.Row($0.node, $0.value) }
      try change.carryOut(rows, self.change, printing.output) { (editing, text) throws(EditRefusal) in
        try editing.set(assigned, in: text)
      }
    }
  }
}

struct NodeAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Describe more nodes, in the group of others or as rows of its table.",
    discussion: """
      cluster node add node129
      cluster node add gpu[05-06] --like gpu01 address=10.1.3.5+

      What is not said is as the group says or counts up. A node without a MAC address waits for it: see \
      `cluster discover`.
      """)

  @Argument(help: NodesArgument.help) var nodes: String
  @Argument(help: ArgumentHelp("Values, as key=value.", valueName: "key=value"), completion: NodesArgument.values)
  var values: [String] = []
  @Option(
    help: ArgumentHelp("A node whose group they join. Default: the only group that they can be in.", valueName: "node"),
    completion: NodesArgument.completion)
  var like: String?
  @OptionGroup var change: ChangeOptions
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  func validate() throws {
    _ = try NodesArgument.names(nodes)
    try NodesArgument.check(options)
    for value in values { _ = try NodesArgument.parts(value) }
  }

  func run() async throws {
    try await Failure.telling {
      let names = try NodesArgument.names(nodes)
      let change = try DescriptionChange(options)
      let like = self.like.map { HostID($0) }
      let all = Array(zip(names, try NodesArgument.values(values, of: names, like: like, change)))
      let rows = all.flatMap { name, values in
        [DescriptionChange.Row(node: name.name, change: "added")] + values.map { DescriptionChange.Row(name, $0) }
      }
      try change.carryOut(rows, self.change, printing.output) { (editing, text) throws(EditRefusal) in
        var text = text
        for (name, values) in all { text = try editing.add(name, like: like, values, to: text) }
        return text
      }
    }
  }
}

struct NodeRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Take nodes out of the description. Their machines are left as they are.")

  @Argument(help: NodesArgument.help, completion: NodesArgument.completion) var nodes: String
  @OptionGroup var change: ChangeOptions
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  func validate() throws {
    _ = try NodesArgument.names(nodes)
    try NodesArgument.check(options)
  }

  func run() async throws {
    try await Failure.telling {
      let names = try NodesArgument.names(nodes)
      let rows = names.map { DescriptionChange.Row(node: $0.name, change: "removed") }
      try DescriptionChange(options).carryOut(rows, change, printing.output) { (editing, text) throws(EditRefusal) in
        try editing.remove(names, from: text)
      }
    }
  }
}

extension DescriptionChange.Row {
  init(_ node: HostID, _ value: NodeValue) {
    self.init(node: node.name, change: "set", key: value.key.words, value: value.text)
  }
}
