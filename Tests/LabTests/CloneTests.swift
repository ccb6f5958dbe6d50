// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Synchronization
import TestKit
import Testing

@testable import Lab

/// A second head is installed, and its installer is cut off in the middle, while strangers ask for all there is.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct CloneTests {
  private static let captures = ["capture.json", "root.squashfs", "root.encrypted", "identity.tar", "sealed", ""]
  /// What only root of head1 knows, by path.
  private static let secrets = [
    "/etc/munge/munge.key", "/etc/wireguard/wg0.conf", "/home/ada/thesis", "/root/.netrc", "/etc/site/token",
    "/var/backups/old", "/srv/projects/data",
  ]

  @Test func onlyItsInstallerGetsWhatAHeadIsInstalledFrom() async throws {
    let site = try await UserSite.make()
    do {
      try site.edit("    clone_of: head1\n", "    clone_of: head1\n    keep: [/etc/site/kept]\n")
      for path in Self.secrets + ["/etc/site/kept"] {
        let folder = (path as NSString).deletingLastPathComponent
        _ = try await site.onHead(
          "head1", ["sh", "-c", "mkdir -p \(folder); echo secret > \(path); chmod 400 \(path)"])
      }
      let isEnough = Flag()
      let strangers = Task { try await fetchAll(site, until: isEnough) }
      try await killedWhileInstalling(site)
      try await lookingPinsNothing(site)
      let apply = try await site.cluster(["apply", "--lab", "--yes", "--lock-timeout", "600"])
      #expect(apply.status == 0, "\(apply.errorText)")
      isEnough.value.store(true, ordering: .relaxed)
      let (got, tries) = try await strangers.value
      #expect(got == [] && tries > 20, "\(got), of \(tries)")
      try await nothingIsLeft(site)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  private final class Flag: Sendable { let value = Atomic(false) }

  /// As anybody on the boot network, until it is enough; gives what could be had.
  private func fetchAll(_ site: UserSite, until isEnough: Flag) async throws -> (got: Set<String>, tries: Int) {
    var got: Set<String> = []
    var tries = 0
    while !isEnough.value.load(ordering: .relaxed) {
      for name in Self.captures where try await site.fetch("/captures/head2/\(name)") { got.insert(name) }
      tries += 1
      try await Task.sleep(for: .milliseconds(500))
    }
    return (got, tries)
  }

  private func killedWhileInstalling(_ site: UserSite) async throws {
    let run = try site.start(["apply", "--lab", "--yes"])
    try await run.says("head2: unpacking")
    run.send(SIGKILL)
    _ = try await run.ended()
  }

  private func lookingPinsNothing(_ site: UserSite) async throws {
    let before = try String(contentsOfFile: site.lab.knownHosts, encoding: .utf8)
    for _ in 0..<2 {
      #expect(try await site.status().heads.map(\.online) == [true, false])
    }
    #expect(try String(contentsOfFile: site.lab.knownHosts, encoding: .utf8) == before)
  }

  private func nothingIsLeft(_ site: UserSite) async throws {
    for folder in ["/srv/cluster/captures", "/var/lib/cluster/captures"] {
      #expect(try await site.onHead("head1", ["find", folder, "-type", "f"]).text == "", "\(folder)")
    }
    for path in Self.secrets {
      let found = try await site.onHead("head2", ["sh", "-c", "if [ -e \(path) ]; then echo there; fi"])
      #expect(found.text == "", "\(path)")
    }
    #expect(try await site.onHead("head2", ["cat", "/etc/site/kept"]).text == "secret\n")
    #expect(try await site.onHead("head2", ["cat", "/etc/network/interfaces"]).text.contains("iface lo inet loopback"))
    let handed = try await site.onHead("head1", ["cat", "/etc/network/interfaces"]).text
    #expect(handed.contains("#cluster: iface eth0 inet static") && handed.contains("\nauto lo\n"), "\(handed)")
    let left = try await site.onHead("head1", ["cat", "/var/lib/cluster/clones/head2.left-out"]).text
    #expect(left.contains("/home/: not part of the system") && left.contains("/etc/munge/"), "\(left)")
    #expect(try await site.cluster(["apply", "--lab", "--yes"]).text.hasPrefix("No changes."))
  }
}
