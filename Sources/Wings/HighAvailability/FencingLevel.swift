// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Templates

/// A level of Pacemaker's fencing topology that is not the BMC: a fence agent, behind a program of ours by which it
/// gets its secrets. Pacemaker gives parameters on standard input, so they are in no list of processes and no CIB.
package struct FencingLevel: Hashable, Codable, Sendable {
  package var head: HostID
  /// Its place among the ways to switch the head off, from 1.
  package var index: Int
  package var agent: FenceAgent

  package init(head: HostID, index: Int, agent: FenceAgent) {
    self.head = head
    self.index = index
    self.agent = agent
  }

  package static func all(of head: Head) -> [FencingLevel] {
    head.fencing.enumerated().compactMap { number, method in
      method.agent.map { FencingLevel(head: head.name, index: number + 1, agent: $0) }
    }
  }

  /// `head1-level2`: in names of files and resources.
  package var name: String { Self.name(head, index) }
  static func name(_ head: HostID, _ index: Int) -> String { "\(head)-level\(index)" }
  /// The primitive's id.
  package var id: String { "fence-\(name)" }
  /// The name by which Pacemaker finds our program: agents are `/usr/sbin/fence_*`.
  package var type: String { "fence_cluster_\(head)_\(index)" }
  package var path: String { "/usr/sbin/\(type)" }
  package var parameters: [(name: String, value: String)] {
    agent.parameters.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
  }

  /// The agent with its parameters, in one line: a proof is of these.
  package var words: String { FenceDevice.words(agent.name, parameters) }

  /// Another program that the agent is to run, where its own would have the password on its command line.
  private var tool: (path: String, text: String)? {
    for speech in PowerProtocols.all where speech.fenceAgents.contains(agent.name) {
      let path = speech.fenceProgramPath(HostID(name))
      if let text = speech.fenceTool(agent, passwordFile: WellKnown.secretPath) { return (path, text) }
    }
    return nil
  }

  /// Files of ours that it needs, by path: programs.
  package var files: [(path: String, text: String)] { [(path, program)] + (tool.map { [$0] } ?? []) }

  private var program: String {
    var lines = ["$told"]
    if let tool {
      lines.append("ipmitool_path=\(tool.path)")
    } else {
      for (parameter, secret) in agent.secrets.sorted(by: { $0.key < $1.key }) {
        lines.append("\(parameter)=$(cat \(WellKnown.secretPath(secret).quotedForShell))")
      }
    }
    return """
      #!/bin/sh
      # Written by cluster: \(agent.name), with what neither the CIB nor a command line is to have.
      told=$(cat)
      exec /usr/sbin/\(agent.name) "$@" <<EOF
      \(lines.joined(separator: "\n"))
      EOF

      """
  }
}
