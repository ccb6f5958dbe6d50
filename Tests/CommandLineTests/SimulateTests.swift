// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import HostAccess
import Planning
import TestKit
import Testing

@testable import cluster

/// `--simulate`: machines in memory that stay what they are between calls, and nothing else.
@Suite(.timeLimit(.minutes(5))) struct SimulateTests {
  private static func marked(_ text: String) -> Bool {
    let lines = text.split(separator: "\n")
    return lines.first == lines.last && lines.first.map(String.init) == PlanReview.simulatedLine
  }

  @Test func machinesAreKeptBetweenCalls() async throws {
    let site = try SimulatedSite()

    let first = try await site.run("apply")
    #expect(first.status == 0, "\(first.errorText)")
    #expect(try await site.run("plan").text.contains("No changes."))
    try site.edit("every: 3s", "every: 5s")
    let change = try await site.run("plan")
    #expect(change.text.contains("1 step (1 on head1)"), "\(change.text)")
    #expect(change.text.contains("interval 3s -> 5s"))
    #expect(try await site.run("apply").status == 0)
    #expect(try await site.run("plan").text.contains("No changes."))

    let fresh = try await site.run("plan", "--fresh")
    #expect(fresh.text.contains("set 1 host name"))
    #expect(try await site.run("plan").text.contains("No changes."), "a plan changes nothing")
    #expect(try await site.run("apply", "--fresh").errorText.contains("set 1 host name"))
  }

  /// It is another folder's description that has been applied, not this one.
  @Test func eachDescriptionHasMachinesOfItsOwn() throws {
    let home = ["XDG_STATE_HOME": "/state"]
    let (a, b) = (URL(filePath: "/a/cluster.yaml"), URL(filePath: "/b/cluster.yaml"))

    #expect(SimulatedState(of: a, environment: home).folder == SimulatedState(of: a, environment: home).folder)
    #expect(SimulatedState(of: a, environment: home).folder != SimulatedState(of: b, environment: home).folder)
    #expect(SimulatedState(of: a, environment: home).folder.path.hasPrefix("/state/cluster/simulated/"))
    let relative = SimulatedState(of: a, environment: ["XDG_STATE_HOME": "state"]).folder.path
    #expect(relative.hasSuffix("/.local/state/cluster/simulated/" + SimulatedState(of: a).folder.lastPathComponent))
    let inHome = SimulatedState(of: a, environment: ["HOME": "/home/ada"]).folder.path
    #expect(inHome.hasPrefix("/home/ada/.local/state/cluster/simulated/"))
  }

  /// The time that a run took is measured, not the difference of two times of day in whole seconds.
  @Test func theTimeOfAShortRunIsTold() async throws {
    let site = try SimulatedSite()

    let began = ContinuousClock.now
    let text = try await site.run("apply").text
    let most = (ContinuousClock.now - began) / .seconds(1)

    let told = try #require(text.firstMatch(of: /changes? in ([0-9.]+) s;/), "\(text)")
    let seconds = try #require(Double(told.1))
    #expect(seconds >= 0.1 && seconds <= most + 0.05, "\(seconds) of \(most)")
  }

  @Test func everyAnswerSaysThatItIsSimulated() async throws {
    let site = try SimulatedSite()
    let events = site.folder.appending(path: "events").path

    let apply = try await site.run("apply", "--json-into", events)
    #expect(Self.marked(apply.errorText))
    #expect(apply.text.hasPrefix("Simulated: "))
    try site.edit("every: 3s", "every: 5s")
    for command in [
      ["plan"], ["plan", "-o", "md"], ["status"], ["log"], ["show"], ["diff", "last", "last"], ["verify"],
      ["explain", "hostname@head1:head1"], ["blame", "hostname@head1:head1"],
    ] {
      let text = try await site.run(words: command + ["--simulate", "--file", site.specification]).text
      #expect(Self.marked(text.replacing("> SIMULATED", with: "SIMULATED")), "\(command)\n\(text)")
    }
    for command in [["plan"], ["status"], ["show"], ["verify"]] {
      let text = try await site.run(
        words: command + ["-o", "json", "--simulate", "--file", site.specification]
      ).text
      let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(object["simulated"] as? Bool == true, "\(command)")
    }
    #expect(try await site.run("plan", "-o", "yaml").text.contains("\nsimulated: true\n"))
    let lines = try String(contentsOfFile: events, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 100)
    #expect(lines.allSatisfy { $0.contains("\"simulated\":true") })
  }

  @Test func explainTellsWhatWasSeenAndWhoAsksForIt() async throws {
    let site = try SimulatedSite()
    _ = try await site.run("apply")

    let link = try await site.run("explain", "link@head1:eth1").text
    #expect(link.contains("It is as described"))
    #expect(link.contains("head1: eth1 address 198.51.100.11/24"))
    #expect(link.contains("cluster.yaml:27:7"))
    let nodes = try await site.run("explain", "nodes:all").text
    #expect(nodes.contains("head1: node001 ready compute/"))
    let silent = try await site.run("explain", "packages@head2:base", "--break", "head2").text
    #expect(silent.contains("packages@head2:base is blocked: waits for head-clone:head2"))
  }

  @Test func verbsThatActAreShownDoneAndRecorded() async throws {
    let site = try SimulatedSite()
    func run(_ words: String...) async throws -> CommandResult {
      try await site.run(words: words + ["--simulate", "--file", site.specification])
    }
    _ = try await site.run("apply")

    let off = try await run("power", "off", "node[001-002]")
    #expect(off.status == 0, "\(off.errorText)")
    #expect(off.errorText.contains("- switch off node[001-002]  [reboot]"))
    #expect(off.errorText.contains("Interrupts jobs on node[001-002]: from then on"))
    let status = try await run("power", "status")
    #expect(
      status.text.contains("  on   head[1-2],node[003-004]  4\n  off  node[001-002]            2"), "\(status.text)")
    #expect(try await run("status").text.contains("OFF"))
    let json = try await run("power", "status", "node001", "-o", "json").text
    #expect(json.contains("\"power\" : \"off\"") && json.contains("\"simulated\" : true"))

    let refused = try await run("power", "off", "head1")
    #expect(refused.status == 6)
    #expect(refused.errorText.contains("`cluster power off head1` is refused, and nothing was done: head1 stays on"))
    #expect(try await run("power", "off", "node009").status == 6)
    #expect(try await run("power", "status", "node009").status == 1)

    let moved = try await run("ha", "switchover")
    #expect(moved.status == 0 && moved.text.contains("boot away"), "\(moved.errorText)")
    #expect(try await run("status").text.contains("boot     running        on head2"))
    #expect(try await run("ha", "pause").status == 0)
    #expect(try await run("plan").text.contains("High availability is paused"))
    #expect(try await run("ha", "switchover", "--to", "head1").status == 6)
    #expect(try await run("ha", "resume").status == 0)

    let log = try await run("log").text
    for line in [
      "ha resume: done", "ha pause: done", "ha switchover --to head2: done", "power off node[001-002]: done",
    ] {
      #expect(log.contains(line), "\(log)")
    }
    #expect(try await run("show", "last~3").text.contains("power:node001/off"))
  }

  /// Neither beside the description nor in its repository.
  @Test func nothingIsLeftBesideTheDescription() async throws {
    let site = try SimulatedSite()
    let before = try site.files

    _ = try await site.run("apply")
    _ = try await site.run("status")

    #expect(try site.files == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: site.state.path) == ["cluster"])
  }

  @Test func theRealRecordIsNotTouched() async throws {
    let site = try SimulatedSite()
    for words in [
      ["init", "-q"], ["config", "user.name", "ada"], ["config", "user.email", "ada@example.org"],
      ["add", "cluster.yaml", "images"], ["commit", "-qm", "first"],
    ] { try await Command.checked("git", ["-C", site.folder.path] + words, next: "See what git says.") }

    #expect(try await site.run("apply").status == 0)

    let refs = try await Command.run("git", ["-C", site.folder.path, "for-each-ref", "--format=%(refname)"])
    #expect(!refs.text.contains("cluster/history"))
    #expect(try await site.run("show").text.contains("spec "))
  }

  @Test func whatIsBrokenIsToldAndIsMendedTheNextTime() async throws {
    let site = try SimulatedSite()
    _ = try await site.run("apply")

    let broken = try await site.run("plan", "--break", "head2")
    #expect(broken.text.contains("head2 cannot be asked"))
    #expect(try await site.run("status", "--break", "head2").text.contains("NOT ARMED"))
    #expect(try await site.run("status").text.contains("High availability  armed"))
    let unknown = try await site.run("plan", "--break", "head7")
    #expect(unknown.status == 1 && unknown.errorText.contains("no head or node head7"))
  }

  @Test func aHeadThatIsTakenOutLeavesAndIsForgotten() async throws {
    let site = try SimulatedSite()
    _ = try await site.run("apply")
    try site.cut(from: "  head2:\n", to: "\nimages:\n")
    try site.cut(from: "ha:\n", to: "access:\n")

    let plan = try await site.run("plan")
    #expect(plan.text.contains("; 1 head leaves."), "\(plan.text)\(plan.errorText)")
    #expect(plan.text.contains("! head2 leaves: what it has on it stays as it is, and is forgotten ("))
    #expect(!plan.text.contains("Blocked"), "\(plan.text)")
    #expect(plan.text.contains("restart node[001-004]"), "\(plan.text)")
    #expect(plan.text.contains("reports to 10.1.0.10, not to 10.1.0.1"), "\(plan.text)")
    #expect(try await site.run("apply", "--max-disruption", "restart").status == 6)
    #expect(try await site.run("explain", "packages@head2:base").text.contains("head2 leaves"))
    let apply = try await site.run("apply")
    #expect(apply.status == 0, "\(apply.errorText)")
    #expect(apply.text.contains("everything is as described"))
    #expect(try await site.run("plan", "--detailed-exitcode").status == 0)
    #expect(try await site.run("show").text.contains("converged"))
  }

  @Test func aNewMachineByTheNameOfOneThatLeftIsInstalled() async throws {
    let site = try SimulatedSite()
    let whole = try String(contentsOfFile: site.specification, encoding: .utf8)
    _ = try await site.run("apply")
    // Of a head that is described and silent nothing is known.
    #expect(!(try await site.run("plan", "--break", "head2")).text.contains("over its disk"))
    try site.cut(from: "  head2:\n", to: "\nimages:\n")
    try site.cut(from: "ha:\n", to: "access:\n")
    #expect(try await site.run("plan").text.contains("forget that head2 was installed"))
    #expect(try await site.run("apply").status == 0)

    try whole.write(toFile: site.specification, atomically: true, encoding: .utf8)
    let plan = try await site.run("plan", "--break", "head2").text
    #expect(plan.contains("! head1: install head2 over its disk"), "\(plan)")
    // The old one, switched on again, is taken over as it is.
    #expect(!(try await site.run("plan")).text.contains("over its disk"))
  }

  /// One head is left, and nothing of it changes: the run has no step, and is recorded all the same.
  @Test func aHeadThatNothingElseDependsOnLeavesToo() async throws {
    let site = try SimulatedSite()
    try site.cut(from: "ha:\n", to: "access:\n")
    #expect(try await site.run("apply").status == 0)
    try site.cut(from: "  head2:\n", to: "\nimages:\n")
    #expect(try await site.run("apply").status == 0)
    let runs = try await site.run("log").text

    #expect(try await site.run("apply").text.contains("No changes."))
    #expect(try await site.run("log").text == runs)
    #expect(runs.components(separatedBy: "apply: converged").count == 3, "\(runs)")
  }

  @Test func whatDoesNotFitTogetherIsRefused() {
    for words in [
      ["plan", "--fresh"], ["apply", "--break", "head2"], ["apply", "--pace", "3"],
      ["status", "--simulate", "--pace", "3"], ["plan", "--simulate", "--pace", "3"],
      ["explain", "hostname@head1:head1", "--simulate", "--pace", "3"], ["plan", "--simulate", "--lab"],
      ["plan", "--simulate", "--base", "HEAD"], ["rollback", "--simulate"], ["plan", "--simulate", "--break", "a:b"],
      ["apply", "--simulate", "--pace", "0"], ["power", "off", "node[1"], ["power", "off"],
      ["power", "on", "node001", "--pace", "3"], ["ha", "switchover", "--fresh"],
    ] {
      #expect(throws: (any Error).self, "\(words)") { _ = try ClusterCommand.parseAsRoot(words) }
    }
    #expect(ClusterCommand.labFirst(["--simulate", "plan", "--full"]) == ["plan", "--simulate", "--full"])
  }

  @Test func checksOfSetsAreRunAndTold() async throws {
    let site = try SimulatedSite(SimulatedSite.root.appending(path: "examples/package-set"))
    #expect(try await site.run("apply").status == 0)
    let junit = site.folder.appending(path: "results.xml").path

    let test = try await site.run("test", "--junit", junit)

    #expect(test.status == 0, "\(test.errorText)")
    #expect(Self.marked(test.text) && test.text.contains("17 passed, 0 failed, 0 skipped, 0 unknown"), "\(test.text)")
    #expect(test.text.contains("metrics/answers"))
    #expect(try String(contentsOfFile: junit, encoding: .utf8).contains("tests=\"17\" failures=\"0\""))
    let json = try await site.run("test", "metrics/answers", "--on", "node[01-02]", "--output", "json")
    #expect(json.status == 0 && json.text.contains("\"passed\" : true"), "\(json.text)")
    #expect(try await site.run("test", "nothing").status == 6)
    let show = try await site.run(words: ["package", "show", "metrics", "--file", site.specification])
    #expect(show.text.contains("Checks\n  answers") && show.text.contains("root on each node"), "\(show.text)")
  }
}
