// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// The example `three-heads`, with more heads where that is asked for, in a lab: losses, and who takes over.
struct HeadsDrill {
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../examples/three-heads").standardized

  let site: UserSite
  let heads: [String]

  static func make(heads count: Int = 3) async throws -> HeadsDrill {
    var spec = try String(contentsOf: example.appending(path: "cluster.yaml"), encoding: .utf8)
    let third = try #require(spec.firstRange(of: "  head3:\n")).lowerBound
    let end = try #require(spec.firstRange(of: "\npackages:\n")).lowerBound
    let template = String(spec[third..<end])
    var more = ""
    for number in stride(from: 4, through: count, by: 1) {
      var head = template.replacing("head3", with: "head\(number)")
      head = head.replacing("198.51.100.13", with: "198.51.100.1\(number)")
      for network in 1...3 { head = head.replacing("10.\(network).0.3", with: "10.\(network).0.\(number)") }
      for card in 1...3 { head = head.replacing("0\(card):00:03", with: "0\(card):00:0\(number)") }
      more += head
    }
    spec.insert(contentsOf: more, at: end)
    let site = try await UserSite.make(spec: spec, beside: ["packages": example.appending(path: "packages")])
    return HeadsDrill(site: site, heads: (1...count).map { "head\($0)" })
  }

  /// Runs a drill on the site that was applied and is armed, and takes the lab down whatever happens.
  func run(_ drill: () async throws -> Void) async throws {
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.text) \(apply.errorText)")
      try await armed()
      // A head that joined last was passed over at first, and is given its own group when that is quiet.
      try await site.eventually("the timers are at home") { try await timers() == "head2" }
      try await drill()
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  func armed() async throws { try await site.eventually("armed") { try await site.status().ha.armed } }

  /// Nobody hears it any more, so it comes back to a cluster that it does not hear.
  func cut(_ head: String, mend: Bool = false) async throws {
    for network in ["private", "heartbeat"] {
      let done = try await site.cluster(["lab", "cut", head, network] + (mend ? ["--mend"] : []))
      #expect(done.status == 0, "\(done.errorText)")
    }
  }

  // MARK: What is seen

  /// At the service address, from the lab's own namespace. Nil: nobody answers.
  func answer() async throws -> String? {
    let argv = site.lab.inside(["socat", "-T", "2", "-u", "TCP:10.1.0.10:4711,connect-timeout=1", "-"])
    let said = try await Command.run(argv[0], Array(argv.dropFirst())).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return said.isEmpty ? nil : said
  }

  func answered(by heads: [String]) async throws -> String {
    var found = ""
    try await site.eventually("\(heads.joined(separator: " or ")) answers") {
      found = try await answer() ?? ""
      return heads.contains(found)
    }
    if !heads.contains(found) { for head in heads { await show(head) } }
    return found
  }

  /// Prints what a head that does not serve says of itself.
  private func show(_ head: String) async {
    let journal = ["journalctl", "--no-pager", "--lines=150", "--unit=corosync", "--unit=pacemaker"]
    for argv in [["crm_mon", "--one-shot", "--inactive"], ["corosync-quorumtool", "-s"], journal] {
      let said = try? await site.onHead(head, argv)
      print("\(head): \(argv[0]):", said.map { $0.text + $0.errorText } ?? "no answer")
    }
  }

  /// The head that Pacemaker runs the group on, where its address and its unit are there too.
  func timers() async throws -> String? {
    let status = try await site.status()
    let holder = status.addresses.first { $0.address == "10.1.0.11" }?.holder
    let service = status.services.first { $0.name == "timers" }
    guard let holder, service?.head == holder, service?.state == "running" else { return nil }
    // One that Pacemaker has not yet taken for lost does not answer.
    let look = ["sh", "-c", "systemctl is-active cron.service; ip -o address show to 10.1.0.11"]
    guard let shown = try? await site.onHead(holder, look).text else { return nil }
    return shown.hasPrefix("active\n") && shown.contains("10.1.0.11/") ? holder : nil
  }

  func isPair(on head: String) async throws -> Bool { try await quorum(on: head).contains("2Node") }

  func isExpecting(_ votes: Int, on head: String) async throws -> Bool {
    try await quorum(on: head).contains("Expected votes:   \(votes)\n")
  }

  /// Its status says whether there is one; here it is what it prints that counts.
  func quorum(on head: String) async throws -> String {
    try await site.onHead(head, ["sh", "-c", "corosync-quorumtool -s; true"]).text
  }

  /// What Corosync tells of them, a line each.
  func lossesOfQuorum(on head: String, since moment: Date) async throws -> String {
    let since = "--since=@\(Int(moment.timeIntervalSince1970))"
    let told = try await site.onHead(head, ["journalctl", "--quiet", "--no-pager", "--unit=corosync", since])
    try #require(told.status == 0, "\(told.errorText)")
    return told.text.split(separator: "\n").filter { $0.contains("non-primary component") }.joined(separator: "\n")
  }

  func condition(_ name: String) async throws -> String? {
    try await site.status().ha.conditions.first { $0.name == name }?.detail
  }

  func boots(of head: String) throws -> Int {
    let console = LabFiles.text(site.lab.console(of: try #require(site.lab.machine(.init(head))))) ?? ""
    return console.components(separatedBy: "booting from disk").count
  }
}
