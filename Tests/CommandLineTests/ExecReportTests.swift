// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing
import Wings

@testable import cluster

/// Nodes on which a program ended alike are shown together.
@Suite struct ExecReportTests {
  private func result(_ node: HostID, _ status: Int32, _ output: String, errors: String = "") -> NodeCommandResult {
    NodeCommandResult(
      node: node, ending: .ended(status: status), output: .text(output), errors: .text(errors), isCut: false)
  }

  @Test func equalOutputIsOneBlock() {
    let away = { (node: HostID) in
      NodeCommandResult(
        node: node,
        ending: .failed(AgentError(.unreachable, "\(node) cannot be reached", cause: "\(node): no route", next: "n")),
        output: .text(""), errors: .text(""), isCut: false)
    }
    var cut = result("node4", 0, "long\n")
    cut.isCut = true
    let text = ExecReport.text([
      result("node1", 0, "a\nb\n"), result("node2", 1, "", errors: "no\u{1b}[2J\n"), result("node3", 0, "a\nb\n"), cut,
      away("node5"), away("node6"),
    ])
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines[0...2] == ["node[1,3] (2): ended with 0", "  a", "  b"])
    #expect(lines[3] == "node2: ended with 1" && !lines[4].contains("\u{1b}"))
    #expect(lines[5...7] == ["node4: ended with 0", "  long", "  … and more, which is not kept"])
    #expect(lines[8] == "node[5-6] (2): not known: it cannot be reached", "\(text)")
  }

  @Test func aProgramStandsBehindTwoDashes() throws {
    let exec = try ExecCommand.parse(["node[1-4]", "--yes", "--timeout", "5", "--", "sh", "-c", "--yes"])
    #expect(exec.program == ["sh", "-c", "--yes"] && exec.errand.yes && exec.timeout == 5)
    #expect(throws: (any Error).self) { try ExecCommand.parse(["node[1-4]"]) }
    #expect(throws: (any Error).self) { try ExecCommand.parse(["node[1-4]", "--timeout", "0", "--", "true"]) }
  }
}
