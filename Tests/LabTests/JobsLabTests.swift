// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// The cluster of `make demo`: jobs of users, by the sets that come with the program, with two heads and four nodes.
@Suite(.serialized, .timeLimit(.minutes(40)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct JobsLabTests {
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../examples/jobs")

  @Test func jobsRunAndOutliveChangesAndASwitchover() async throws {
    let spec = try String(contentsOf: Self.example.appending(path: "cluster.yaml"), encoding: .utf8)
    let site = try await UserSite.make(
      spec: spec, beside: ["accounts": Self.example.appending(path: "accounts")])
    do {
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      try #require(apply.status == 0, "\(apply.errorText)")
      #expect(try await site.status().nodes.allSatisfy { $0.state == "ready" }, "ready by their own checks")
      let list = ["exec", "node[001-004]", "--lab", "--yes", "--file", "\(site.folder)/cluster.yaml", "--"]
      let own = try await Command.run(
        site.program, list + ["grep", "-h", "^check", "/var/lib/cluster/ready"], deadline: .seconds(120))
      for check in ["munge/local", "slurm/registered", "home-gluster/mounted", "prometheus/exporter"] {
        #expect(own.text.contains("check \(check) 10 0 "), "\(own.text)")
      }
      let test = try await site.cluster(["test", "--lab"])
      #expect(test.status == 0, "\(test.text)")
      #expect(test.text.contains("openmpi/ping-pong") && test.text.contains("slurm/held"), "\(test.text)")
      try await firstJob(site)
      try await jobsGoOn(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// A user compiles a program and sends it to all nodes, as the demo does.
  private func firstJob(_ site: UserSite) async throws {
    let program = try String(contentsOf: Self.example.appending(path: "first-job.sh"), encoding: .utf8)
    try program.write(toFile: "\(site.folder)/first-job.sh", atomically: true, encoding: .utf8)
    let shell = [
      "lab", "shell", "--file", "\(site.folder)/cluster.yaml", "head1", "--", "runuser", "-u", "alice", "--",
    ]
    let said = try await Command.run(site.program, shell + ["sh", "-c", program], deadline: .seconds(300))
    #expect(said.succeeded, "\(said.text) \(said.errorText)")
    for rank in 0..<8 { #expect(said.text.contains("Hello from rank \(rank) of 8 on node00"), "\(said.text)") }
  }

  /// Long jobs run on while a user is added, a partition is changed and the services move; then they end well.
  private func jobsGoOn(_ site: UserSite) async throws {
    let job = "cd; sbatch --parsable --ntasks=1 --time=10 --wrap \"sleep 40; id -un\""
    var jobs: [String] = []
    for _ in 0..<4 { jobs.append(try await asAlice(job, on: "head1", site)) }
    try await site.eventually("all run") {
      try await asAlice("squeue --noheader --states=running --format=%i | wc -l", on: "head1", site) == "4"
    }

    let accounts = "\(site.folder)/accounts"
    try append("carol:x:2003:2003:Carol Cole:/home/carol:/bin/bash\n", to: "\(accounts)/passwd")
    try append("carol:x:2003:\n", to: "\(accounts)/group")
    let began = ContinuousClock.now
    let added = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(added.status == 0, "\(added.errorText)")
    let told = added.errorText.firstMatch(of: /refreshed 4 nodes in [0-9.]+ s/).map { String($0.0) }
    print("a user: \(told ?? "no refresh is told"); apply took \((ContinuousClock.now - began) / .seconds(1)) s")
    // What stands behind the program's words is the program's.
    let options = ["exec", "node[001-004]", "--lab", "--yes", "--file", "\(site.folder)/cluster.yaml", "--"]
    let known = try await Command.run(site.program, options + ["id", "-u", "carol"], deadline: .seconds(120))
    #expect(known.text.contains("node[001-004] (4): ended with 0\n  2003"), "\(known.text) \(known.errorText)")
    for head in ["head1", "head2"] { #expect(try await site.onHead(head, ["id", "-u", "carol"]).text == "2003\n") }

    let moved = try await site.cluster(["ha", "switchover", "--lab", "--yes"])
    #expect(moved.status == 0, "\(moved.errorText)")
    let services = try await site.status().services
    #expect(services.first { $0.name == "slurmctld" }?.head == "head2", "\(services)")
    try await site.eventually("slurmctld answers on head2") {
      try await asAlice("scontrol ping | grep -c UP", on: "head2", site) == "1"
    }
    let states = try await asAlice("sinfo --noheader --format=%T | sort -u | tr \"\\n\" \" \"", on: "head2", site)
    #expect(!states.contains("down") && !states.contains("drain"), "\(states)")
    for job in jobs {
      try await site.eventually("job \(job) ends") {
        let state = try await asAlice("scontrol --oneliner show job \(job)", on: "head2", site)
        return state.contains("JobState=COMPLETED")
      }
      #expect(try await asAlice("cat ~/slurm-\(job).out", on: "head2", site) == "alice")
    }
  }

  private func append(_ text: String, to path: String) throws {
    let whole = try String(contentsOfFile: path, encoding: .utf8) + text
    try whole.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func asAlice(_ script: String, on head: String, _ site: UserSite) async throws -> String {
    try await site.onHead(head, ["runuser", "-l", "alice", "-c", script]).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
