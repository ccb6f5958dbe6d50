// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import TestKit
import Testing
import Wings

/// An administrator's own lines of `/etc/hosts` stay, and our names mean our addresses.
@Suite struct HostsFileTests {
  private static let desired = FileKind.Desired(
    FileGoal(path: "/etc/hosts", contents: .text(ours)), sharing: .hosts)
  private static let ours = """
    # Written by cluster down to its end; changes made here are undone. Lines below are yours.
    127.0.0.1 localhost
    10.1.0.1 head1.alps.example.org head1
    # Written by cluster: end.

    """

  private static func steps(_ text: String, managed: Bool = true) throws -> [StepDraft] {
    let facts = FileFacts(
      digest: SHA256.hex(text), size: text.utf8.count, mode: 0o644, owner: "root", group: "root", contents: text,
      managed: managed)
    let inventory = Inventory(hosts: ["head1": .knowing(FileProbe("/etc/hosts").answered(.file(facts)))], observedAt: 0)
    let answers = Answers(inventory, uninstalled: [])
    let id = FileKind.id(on: "head1", "/etc/hosts")
    return try FileKind.steps(
      id, desired, try FileKind.interpret(id, desired, answers),
      PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0))
  }

  @Test func theInstallersFileKeepsWhatIsNotOurs() throws {
    let text = """
      127.0.0.1\tlocalhost
      127.0.1.1\thead1.site.example.org\thead1

      # The institute's licence server
      192.0.2.7 licence licence.example.org # ask Ada
      ::1     localhost ip6-localhost ip6-loopback
      ff02::1 ip6-allnodes
      """
    let drafts = try Self.steps(text, managed: false)

    let goal = try #require(drafts.first?.operation.as(EnsureFile.self)?.goal)
    #expect(
      goal.contents
        == .text(
          Self.ours + """
            127.0.1.1 head1.site.example.org

            # The institute's licence server
            192.0.2.7 licence licence.example.org # ask Ada
            ::1 ip6-localhost ip6-loopback
            ff02::1 ip6-allnodes

            """))
    #expect(drafts[0].disruption == .none)
    guard case .text(let written) = goal.contents else { return }
    #expect(try Self.steps(written).isEmpty)
    #expect(try Self.steps(written + "192.0.2.8 added-later\n").isEmpty)
    #expect(try Self.steps(written.replacing("10.1.0.1 ", with: "10.1.0.9 ")).count == 1)
    #expect(try Self.steps(written + "10.9.9.9 head1\n").count == 1)
  }

  @Test func aFileThatWasWhollyOursIsNotTakenForSomebodyElses() {
    let old = "# Written by cluster; changes made here are undone.\n127.0.0.1 localhost\n10.1.0.3 gone\n"
    #expect(HostsFile.merged(Self.ours, into: old) == Self.ours)
    #expect(HostsFile.merged(Self.ours, into: "") == Self.ours)
  }

  /// Whatever is there, one write is enough.
  @Test func mergingTwiceIsMergingOnce() {
    var random = SeededGenerator()
    let words = ["127.0.0.1", "10.1.0.1", "head1", "other", "localhost", "# x", " ", "\t", "\n", "\n", "\n\n"]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
        .joined(separator: " ")
      let once = HostsFile.merged(Self.ours, into: text)
      #expect(once.hasPrefix(Self.ours) && HostsFile.merged(Self.ours, into: once) == once, "\(text)")
    }
  }
}

/// What a plan says first where ours takes the place of something that works.
@Suite struct TakenOverTests {
  @Test func anNginxThatServesSomethingElseIsNoReload() throws {
    let desired = FileKind.Desired(
      FileGoal(path: "/etc/nginx/nginx.conf", contents: .text("ours\n")), takesOver: "what it serves ends")
    func draft(_ text: String, managed: Bool) throws -> StepDraft? {
      let facts = FileFacts(
        digest: SHA256.hex(text), size: 5, mode: 0o644, owner: "root", group: "root", contents: text, managed: managed)
      let answers = Answers(Inventory(hosts: [:], observedAt: 0), uninstalled: [])
      return try FileKind.steps(
        FileKind.id(on: "head1", desired.file.path), desired, .file(facts),
        PlanContext(answers: answers, activeHead: "head1", changing: [], now: 0)
      ).first
    }
    let foreign = try #require(try draft("theirs\n", managed: false))
    #expect(foreign.disruption == .restart && foreign.because.hasSuffix("; what it serves ends"))
    let drift = try #require(try draft("edited\n", managed: true))
    #expect(drift.disruption == .none && !drift.because.contains("serves"))
  }
}
