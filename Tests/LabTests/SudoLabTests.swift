// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// A head that lets root in by no way, and an administrator who has sudo without a password there.
@Suite(.serialized, .timeLimit(.minutes(20)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct SudoLabTests {
  private static let spec = SmallSite.spec.replacing("user: root", with: "user: opsadmin")

  @Test func anAdministratorWithSudoDoesAllThatRootDoes() async throws {
    let site = try await UserSite.make(spec: Self.spec)
    do {
      try await rootIsNotLetIn(site)
      try await applies(site)
      try await isRefusedWithoutTheRule(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private func rootIsNotLetIn(_ site: UserSite) async throws {
    let root = try await Command.run("ssh", ["-F", site.lab.sshConfig, "-l", "root", "head1", "true"])
    #expect(root.status == 255 && root.errorText.contains("Permission denied"), "\(root.errorText)")
    #expect(try await site.onHead("head1", ["id", "-un"]).text == "opsadmin\n")
  }

  /// The agent is copied and started, the record goes to the head by git and comes back from there.
  private func applies(_ site: UserSite) async throws {
    let plan = try await site.cluster(["plan", "--lab", "--detailed-exitcode"])
    #expect(plan.status == 2, "\(plan.errorText)")
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    try #require(apply.status == 0, "\(apply.text)\(apply.errorText)")
    let again = try await site.cluster(["apply", "--lab", "--yes"])
    #expect(again.status == 0 && again.text.hasPrefix("No changes."), "\(again.text)\(again.errorText)")

    let agents = try await site.onHead("head1", ["stat", "-c", "%U %a", "/usr/lib/cluster"]).text
    #expect(agents.hasPrefix("root "), "\(agents)")
    let tip = try await site.git(["rev-parse", "cluster/history"])
    let copy = try await site.onHead(
      "head1", ["sudo", "-n", "git", "--git-dir=/var/lib/cluster/history.git", "log", "--all", "--format=%H"])
    #expect(copy.text.contains(tip), "\(copy.text) \(tip)")
    // Somebody else's folder has no record: it is fetched from the head.
    _ = try await site.git(["branch", "-D", "cluster/history"])
    let status = try await site.cluster(["status", "--lab"])
    #expect(status.status == 0 && status.text.contains("head1"), "\(status.text)\(status.errorText)")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  /// A question for a password, no sudo at all: each is refused in words that say what to write. Root's way in is
  /// opened for the test, which could not put it right otherwise.
  private func isRefusedWithoutTheRule(_ site: UserSite) async throws {
    let open =
      "mkdir -p /root/.ssh; cp /home/opsadmin/.ssh/authorized_keys /root/.ssh/; chown -R root: /root/.ssh; "
      + "rm /etc/ssh/sshd_config.d/root.conf; systemctl reload ssh"
    _ = try await site.onHead("head1", ["sudo", "-n", "sh", "-c", open])
    // sshd takes nobody's call while it begins anew.
    try await site.eventually("root is let in") {
      try await Command.run("ssh", ["-F", site.lab.sshConfig, "-l", "root", "head1", "true"]).succeeded
    }
    for (take, back, words) in [
      (
        "mv /etc/sudoers.d/opsadmin /root/rule", "mv /root/rule /etc/sudoers.d/opsadmin",
        "opsadmin may not become root on head1 without a password"
      ),
      (
        "mv /usr/bin/sudo /usr/bin/sudo.away", "mv /usr/bin/sudo.away /usr/bin/sudo", "head1 has no sudo for opsadmin"
      ),
    ] {
      try await asRoot(take, site)
      let plan = try await site.cluster(["plan", "--lab"])
      try await asRoot(back, site)
      let said = plan.text + plan.errorText
      #expect(said.contains("head1 cannot be asked: \(words)"), "\(said)")
      #expect(said.contains("opsadmin ALL=(root) NOPASSWD: ALL"), "\(said)")
    }
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  private func asRoot(_ script: String, _ site: UserSite) async throws {
    try await Command.checked(
      "ssh", ["-F", site.lab.sshConfig, "-l", "root", "head1", script], next: "See what ssh says.")
  }
}
