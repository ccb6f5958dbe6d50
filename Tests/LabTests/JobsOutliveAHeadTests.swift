// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// The active head loses its power, links first, while 20 jobs run and 200 are being sent: a whole failover by
/// Pacemaker, with the queue on two disks and the accounting in its database.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct JobsOutliveAHeadTests {
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../examples/jobs").standardized
  private static let long = 20, sent = 200, away = 21

  /// The example with a processor for each long job, and without what this test does not look at.
  private static func spec() throws -> String {
    var text = try String(contentsOf: example.appending(path: "cluster.yaml"), encoding: .utf8)
    for (old, new) in [
      ("state: { shared: /srv/state }", "state: { replicated: { path: /srv/state, over: heartbeat, by: stand-in } }"),
      ("    clone_of: head1\n", ""), ("    install: [hwloc-nox, numactl]\n", ""), (", home_mount: /home", ""),
      ("    cpus: 2\n", "    cpus: 5\n    accounting: slurmdbd\n"), ("    job_memory: 200\n", "    job_memory: 50\n"),
    ] {
      try #require(text.contains(old), "examples/jobs has no \(old)")
      text = text.replacing(old, with: new)
    }
    let home = try #require(text.firstRange(of: "  # /home on")).lowerBound
    let accounts = try #require(text.firstRange(of: "  accounts:")).lowerBound
    let rest = try #require(text.firstRange(of: "  ssh: {}")).lowerBound
    return text[..<home] + "  slurm-accounting: {}\n" + text[accounts..<rest]
  }

  @Test func noneIsLost() async throws {
    let site = try await UserSite.make(
      spec: try Self.spec(), beside: ["accounts": Self.example.appending(path: "accounts")])
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.text) \(apply.errorText)")
      try await site.eventually("armed, with all nodes") {
        let idle = try await asAlice("sinfo --noheader --Node --states=idle | wc -l", site)
        return try await site.status().ha.armed && idle == "4"
      }
      try await databaseAway(site)
      try await lose(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// Jobs that begin and end while the accounting database is away for minutes are in it when it is back.
  private func databaseAway(_ site: UserSite) async throws {
    func change(_ words: String...) async throws {
      for name in ["slurmdbd", "cluster-slurm-database"] {
        _ = try await site.onHead("head1", ["crm_resource", "--resource", name, "--meta"] + words)
      }
    }
    try await change("--set-parameter", "target-role", "--parameter-value", "Stopped")
    try await site.eventually("slurmdbd and its database are down") {
      let units = ["slurmdbd.service", "cluster-slurm-database.service"]
      return try await site.onHead("head1", ["systemctl", "show", "--property=ActiveState", "--value"] + units).text
        .split(whereSeparator: \.isWhitespace) == ["inactive", "inactive"]
    }
    let begun = ContinuousClock.now
    let sbatch = "cd /tmp; sbatch --parsable --output=/dev/null --ntasks=1 --time=10"
    let array = try await asAlice("\(sbatch) --job-name=away --array=0-19 --wrap \"sleep 15\"", site)
    _ = try await asAlice("\(sbatch) --job-name=away --dependency=afterany:\(array) --wrap \"sleep 90\"", site)
    try await site.eventually("all of them have ended") {
      try await asAlice("squeue --noheader | wc -l", site) == "0"
    }
    let kept = try await asAlice("sdiag | sed -n \"s/^DBD Agent queue size: *//p\"", site)
    print("the database was away for \((ContinuousClock.now - begun) / .seconds(1)) s: slurmctld kept \(kept) messages")
    #expect(try #require(Int(kept)) >= 2 * Self.away, "each began and ended")

    try await change("--delete-parameter", "target-role")
    let ended = "sacct -a -X -n -P --name=away --format=State | grep -c COMPLETED"
    try await site.eventually("all of them are in the database") { try await asAlice(ended, site) == "\(Self.away)" }
    #expect(try await site.cluster(["test", "slurm-accounting", "--lab"]).status == 0)
  }

  private func lose(_ site: UserSite) async throws {
    for number in 0..<Self.long { _ = try await asAlice(Self.job("long\(number)", "sleep 75; "), site) }
    try await site.eventually("the long jobs run") {
      try await asAlice("squeue --noheader --states=running | wc -l", site) == "\(Self.long)"
    }
    let sending = Task { try await asAlice(Self.sender, site) }
    try await site.eventually("jobs are being sent") {
      try await (Int(asAlice("squeue --noheader --states=pending | wc -l", site)) ?? 0) > 40
    }
    #expect(try await site.cluster(["lab", "power", "head1", "off"]).status == 0)
    let answers = try await sending.value.split(separator: "\n").map(Answer.init)
    #expect(answers.count == Self.sent)
    let longest = answers.map(\.seconds).max() ?? 0
    let refused = answers.filter { $0.job == nil }
    print("power loss amid \(Self.sent) submissions: longest sbatch \(longest) s, \(refused.count) refused")
    // How long it is on a machine that is free is for `scripts/bench-ha`: a lab shares its cores with other labs.
    #expect(longest < 30)
    // Who is in the middle of an answer at that moment is told so: one user, one job.
    #expect(refused.count <= 1 && refused.allSatisfy { !$0.words.isEmpty }, "\(refused)")
    let running = "squeue --noheader --states=running --format=%j | grep -c long"
    #expect(try await asAlice(running, site) == "\(Self.long)", "the long jobs go on")

    let held = "squeue --noheader --states=pending --format=\"%i %r\" | sed -n \"s/ JobHeldUser$//p\""
    _ = try await asAlice("for job in $(\(held)); do scontrol release $job; done", site)
    try await ends(answers, site)
  }

  /// All that was accepted runs once and ends well, by its own number, and the database knows it.
  private func ends(_ answers: [Answer], _ site: UserSite) async throws {
    let end = ContinuousClock.now + .seconds(300)
    while try await asAlice("squeue --noheader | wc -l", site) != "0", ContinuousClock.now < end {
      try await Poll.pause(.seconds(2))
    }
    let left = try await asAlice("squeue --noheader --format=\"%i %j %T %r\"", site)
    #expect(left == "", "these have not ended")
    let tasks = answers.filter { $0.job != nil }.reduce(0) { $0 + $1.tasks } + Self.long + Self.away
    try await site.eventually("the database has heard of all") {
      try await (Int(asAlice("sacct -a -X -n -P --format=State | grep -c COMPLETED", site)) ?? 0) >= tasks
    }
    let rows = try await asAlice("sacct -a -X -n -P --duplicates --format=JobID,JobName%30,State", site)
    var noted: [String: [String]] = [:]
    for row in rows.split(separator: "\n").map({ $0.split(separator: "|", omittingEmptySubsequences: false) }) {
      #expect(row.count == 3 && row[2] == "COMPLETED", "\(row)")
      noted[String(row[1]), default: []].append(String(row[0]))
    }
    for number in 0..<Self.long { #expect(noted["long\(number)"]?.count == 1, "long\(number)") }
    for answer in answers {
      let ids = noted[answer.name] ?? []
      guard let job = answer.job else {
        #expect(Set(ids).count == ids.count && ids.count <= answer.tasks, "\(answer.name): \(ids)")
        continue
      }
      let expected = answer.tasks == 1 ? [job] : (1...answer.tasks).map { "\(job)_\($0)" }
      #expect(ids.sorted() == expected.sorted(), "\(answer.name)")
    }
    var ran: [String: Int] = [:]
    for node in 1...4 {
      let words = ["exec", "node00\(node)", "--lab", "--yes", "--file", "\(site.folder)/cluster.yaml", "--"]
      let told = try await Command.run(site.program, words + ["cat", "/tmp/ran"], deadline: .seconds(120))
      for line in told.text.split(separator: "\n") where line.contains("ran ") { ran[String(line), default: 0] += 1 }
    }
    #expect(ran.filter { $0.value > 1 }.isEmpty, "run twice")
    #expect(ran.count >= tasks - Self.away)
    let states = try await asAlice("sinfo --noheader --format=%T | sort -u", site)
    #expect(states == "idle", "\(states)")
    // Others want homes, which this site has not.
    let test = try await site.cluster(["test", "slurm/durable", "slurm/nodes", "slurm-accounting", "--lab"])
    #expect(test.status == 0, "\(test.text)")
  }

  // MARK: Jobs

  /// What a user was told of one job.
  private struct Answer {
    var name: String, tasks: Int, seconds: Double, job: String?, words: String

    /// `NAME TASKS MILLISECONDS STATUS WORDS…`
    init(_ line: Substring) {
      let parts = line.split(separator: " ", maxSplits: 4).map(String.init)
      name = parts.first ?? ""
      tasks = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
      seconds = parts.count > 2 ? (Double(parts[2]) ?? 0) / 1000 : 0
      words = parts.count > 4 ? parts[4] : ""
      job = parts.count > 3 && parts[3] == "0" ? words : nil
    }
  }

  /// A job that notes on its node that it ran.
  private static func job(_ name: String, _ work: String, _ options: String = "") -> String {
    "sbatch --parsable --output=/dev/null --chdir=/tmp --time=10 --job-name=\(name) \(options) "
      + "--wrap \"echo ran \(name) \\$SLURM_ARRAY_TASK_ID >> /tmp/ran; \(work)true\""
  }

  /// One after the other, each kind in its turn: alone, an array, one that waits for the last, one that is held.
  private static var sender: String {
    """
    last=
    for i in $(seq 1 \(sent)); do
      tasks=1; options=
      case $((i % 4)) in
        1) options=--array=1-3; tasks=3 ;;
        2) options=${last:+--dependency=afterok:$last} ;;
        3) options=--hold ;;
      esac
      begun=$(date +%s%3N)
      said=$(\(job("sent$i", "", "$options")) 2>&1)
      status=$?
      echo sent$i $tasks $(($(date +%s%3N) - begun)) $status $said
      [ $status -ne 0 ] || last=$said
    done
    """
  }

  // MARK: Shells

  /// On the head that stays: a user's shell, whose programs ask the service address.
  private func asAlice(_ script: String, _ site: UserSite) async throws -> String {
    let done = try await Command.run(
      "ssh", ["-F", site.lab.sshConfig, "head2", "runuser -u alice -- sh"], input: Array(script.utf8),
      deadline: .seconds(300))
    return done.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
