// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// `cluster node`, `events` and `doctor` as they are typed, by the real program.
@Suite(.timeLimit(.minutes(5))) struct NodeCommandTests {
  private static func text(_ site: SimulatedSite, _ name: String = "cluster.yaml") throws -> String {
    try String(contentsOf: site.folder.appending(path: name), encoding: .utf8)
  }

  private static func node(_ site: SimulatedSite, _ words: String...) async throws -> CommandResult {
    try await site.run(words: ["node"] + words + ["--file", site.specification])
  }

  @Test func aValueIsShownFirstAndWrittenThen() async throws {
    let site = try SimulatedSite()
    let before = try Self.text(site)
    let dry = try await Self.node(site, "set", "node002", "state=out", "--dry-run")
    #expect(
      dry.status == 0 && dry.text.contains("+++ b/nodes.csv") && dry.text.contains("--- /dev/null"), "\(dry.text)")
    #expect(dry.text.contains("+node002,") && dry.text.contains("Nothing is written"))
    #expect(try Self.text(site) == before)
    #expect(try !site.files.contains("nodes.csv"))

    let done = try await Self.node(site, "set", "node002", "state=out", "-o", "json")
    #expect(done.status == 0, "\(done.errorText)")
    let printed = try #require(try JSONSerialization.jsonObject(with: Data(done.stdout)) as? [String: Any])
    #expect(printed["written"] as? Bool == true)
    #expect((printed["files"] as? [[String: String]])?.map { $0["path"] } == ["nodes.csv", "cluster.yaml"])
    #expect(try Self.text(site, "cluster.yaml~") == before)
    #expect(try Self.text(site, "nodes.csv").hasPrefix("name,mac,address"))
    #expect(try await site.run(words: ["validate", "--file", site.specification]).status == 0)
    let again = try await Self.node(site, "set", "node002", "state=out")
    #expect(again.status == 0 && again.text.contains("Nothing to write"), "\(again.text)")
  }

  @Test func whatWouldNotBeValidIsNotWritten() async throws {
    let site = try SimulatedSite()
    let before = try Self.text(site)
    let taken = try await Self.node(site, "set", "node002", "address=10.1.0.1")
    #expect(taken.status == 6 && taken.errorText.contains("spec.duplicate-address"), "\(taken.errorText)")
    #expect(taken.errorText.contains("nothing is written"))
    let wrong = try await Self.node(site, "set", "node002", "mac=nothing")
    #expect(wrong.status == 6 && wrong.errorText.contains("no value of mac"), "\(wrong.errorText)")
    let unknown = try await Self.node(site, "set", "nod002", "state=out")
    #expect(unknown.status == 6 && unknown.errorText.contains("node002"), "\(unknown.errorText)")
    #expect(try await Self.node(site, "set", "node002", "speed=9").status == 6)
    #expect(try await Self.node(site, "set", "node002").status == 64)
    #expect(try await Self.node(site, "rm", "node[001-004]").status == 6)
    #expect(try await Self.node(site, "add", "node001").status == 6)
    #expect(try Self.text(site) == before)
    #expect(try site.files.filter { $0.hasSuffix("~") || $0.hasSuffix(".csv") } == [])
  }

  /// A node without its MAC address is planned for when it has it, and fails nothing until then.
  @Test func aNodeWaitsForItsMACAddress() async throws {
    let site = try SimulatedSite()
    #expect(try await Self.node(site, "set", "node003", "mac=").status == 0)
    let plan = try await site.run("plan")
    #expect(plan.text.contains("node003 waits for its MAC address"), "\(plan.text)")
    #expect(plan.errorText.contains("spec.node-without-mac"), "\(plan.errorText)")
    let applied = try await site.run("apply")
    #expect(applied.status == 0, "\(applied.errorText)")
    let status = try await site.run("status")
    #expect(
      status.text.contains("Nodes  3 of 3 ready, 1 waiting") && status.text.contains(/node003 +WAITING/),
      "\(status.text)")
    let shown = try await site.run(words: ["node", "show", "node003", "--simulate", "--file", site.specification])
    #expect(shown.text.contains("no MAC address yet") && shown.text.contains("stage  waiting"), "\(shown.text)")
  }

  @Test func aNodeIsShownAsDescribedAndAsSeen() async throws {
    let site = try SimulatedSite()
    #expect(try await site.run("apply").status == 0)
    let shown = try await site.run(words: ["node", "show", "node001", "--simulate", "--file", site.specification])
    for words in ["Described  cluster.yaml:", "boots by it", "stage  ready on compute/", "power  on", "Last boots"] {
      #expect(shown.text.contains(words), "\(words): \(shown.text)")
    }
    let json = try await site.run(
      words: ["node", "show", "node001", "--simulate", "--file", site.specification, "-o", "json"])
    let sheet = try #require(try JSONSerialization.jsonObject(with: Data(json.stdout)) as? [String: Any])
    #expect(sheet["simulated"] as? Bool == true && sheet["name"] as? String == "node001")
    #expect((sheet["boots"] as? [[String: Any]])?.first?["ending"] as? String == "ready")
    let unknown = try await site.run(words: ["node", "show", "node9", "--simulate", "--file", site.specification])
    #expect(unknown.status == 1 && unknown.errorText.contains("no such node"), "\(unknown.errorText)")
  }

  @Test func networksAreLookedAtAndEventsFollowed() async throws {
    let site = try SimulatedSite()
    #expect(try await site.run("apply").status == 0)
    let doctor = try await site.run(words: ["doctor", "net", "--simulate", "--file", site.specification])
    #expect(doctor.status == 0 && doctor.text.contains("only the heads answer"), "\(doctor.text)\(doctor.errorText)")
    let off = try await site.run(
      words: ["doctor", "net", "--simulate", "--file", site.specification, "--break", "head1", "--break", "head2"])
    #expect(off.status == 1 && off.errorText.contains("no head answers"), "\(off.text)\(off.errorText)")
    let events = try await site.run("events", "--follow", "--for", "1", "--every", "1")
    #expect(events.status == 0 && events.errorText.contains("4 of 4 nodes ready"), "\(events.errorText)")
    #expect(try await site.run("events").status == 64)
  }
}
