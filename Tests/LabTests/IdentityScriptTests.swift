// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import AgentServer

/// The program with which a node puts its identity in place, in a root of its own that is thrown away. Only the way to
/// the head is not real: what it would answer lies there.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: geteuid() == 0, "a root of its own needs root"))
struct IdentityScriptTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings/Images/Payload/identity").standardizedFileURL.path

  /// This machine's root with a layer in memory over it.
  private static let inItsOwnRoot = #"""
    set -eu
    archive=$(mktemp); cp "$1" "$archive"; script=$(mktemp); cp "$2" "$script"
    if [ -n "${3:-}" ]; then second=$(mktemp); cp "$3" "$second"; set -- "$1" "$2" /mnt/second; fi
    mount --make-rprivate /
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
    if [ -n "${3:-}" ]; then cp "$second" /mnt/second; rm "$second"; fi
    mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
    mount -t tmpfs tmpfs /mnt/root/run
    mkdir -p /mnt/root/usr/lib/cluster /mnt/root/etc/own
    cp "$archive" /mnt/root/archive; cp "$script" /mnt/root/usr/lib/cluster/identity
    rm "$archive" "$script"
    echo 'kernel_argument() { echo 10.1.0.10; }' > /mnt/root/usr/lib/cluster/kernel-arguments
    cat > /mnt/root/usr/local/sbin/curl <<'END'
    #!/bin/bash
    [ "$1 $2" = "--local-port 600-1023" ] && [ "${*: -1}" = http://10.1.0.10/identity ] || exit 9
    while [ "$1" != --output ]; do shift; done
    cp /archive "$2"
    END
    cat > /mnt/root/usr/local/sbin/systemctl <<'END'
    #!/bin/bash
    if [ "$2" = is-active ]; then [ "$3" != stopped.service ] && [ "$3" != cluster-report.service ]; exit; fi
    echo "systemctl $*"
    END
    chmod 755 /mnt/root/usr/local/sbin/*
    chmod 711 /mnt/root/etc/own
    rm -f /mnt/root/etc/ssh/ssh_host_*
    export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
    chroot /mnt/root /bin/bash /usr/lib/cluster/identity && echo fetched || echo "ended with $?"
    if [ -n "${3:-}" ]; then
      inode=$(stat -c %i /mnt/root/etc/own/same)
      cp "$3" /mnt/root/archive
      chroot /mnt/root /bin/bash /usr/lib/cluster/identity 5 && echo fetched again || echo "ended with $?"
      [ "$inode" = "$(stat -c %i /mnt/root/etc/own/same)" ] && echo untouched
      cat /mnt/root/run/cluster/identity
    fi
    cd /mnt/root/etc
    stat -c '%n %u:%G %a' own own/secret own/deep own/deep/secret 2> /dev/null || true
    cat own/secret || true
    ls -d own/*
    """#

  private func run(_ archives: Archive...) async throws -> CommandResult {
    let paths = archives.map { _ in NSTemporaryDirectory() + "identity-\(UUID().uuidString).tar" }
    defer { for path in paths { unlink(path) } }
    for (path, archive) in zip(paths, archives) { try FileSystem.write(archive.closed, to: path) }
    return try await Command.run(
      "unshare", ["--mount", "bash", "-c", Self.inItsOwnRoot, "bash", paths[0], Self.script] + paths.dropFirst(),
      deadline: .seconds(60))
  }

  private func archive(owner: String) -> Archive {
    var archive = Archive()
    archive.add("/etc/ssh/ssh_host_ed25519_key", Array("key\n".utf8), owner: "root:root", mode: 0o600)
    archive.add("/etc/own/secret", Array("s3cret".utf8), owner: owner, mode: 0o440)
    archive.add("/etc/own/deep/secret", Array("other".utf8), owner: "root:root", mode: 0o600)
    return archive
  }

  @Test func filesAreInPlaceWithTheirOwnersAndNothingElseIsTouched() async throws {
    let result = try await run(archive(owner: "root:shadow"))

    #expect(
      result.text
        == "identity \nfetched\nown 0:root 711\nown/secret 0:shadow 440\nown/deep 0:root 755\nown/deep/secret 0:root 600\ns3cret"
        + "own/deep\nown/secret\n",
      "\(result.text) \(result.lastLines)")
  }

  /// It fails, so that reports say so; and the file is nobody's, and not root's.
  @Test func anUnknownOwnerIsAnError() async throws {
    let result = try await run(archive(owner: "nosuchuser:shadow"))

    #expect(result.text.hasPrefix("ended with 1\n") && result.text.contains("own/secret 2097151:shadow 440"))
    #expect(result.errorText.contains("/etc/own/secret: the image has no such user or group"), "\(result.lastLines)")
    #expect(result.errorText.contains("nosuchuser/shadow"))
  }

  private func live(_ word: String, reloaded: String, _ more: (inout Archive) -> Void = { _ in }) -> Archive {
    var archive = Archive()
    archive.add("/etc/own/same", Array("same".utf8), owner: "root:root", mode: 0o644)
    archive.add("/etc/own/word", Array(word.utf8), owner: "root:root", mode: 0o644)
    more(&archive)
    let list = """
      identity \(String(repeating: "a", count: 32))
      restart same.service /etc/own/same
      reload \(reloaded) /etc/own/word
      restart gone.service /etc/own/gone

      """
    archive.add("/var/lib/cluster/identity", Array(list.utf8), owner: "root:root", mode: 0o644)
    return archive
  }

  /// What has changed is taken up, what has not is not touched, what is not there any more goes.
  @Test func onlyWhatHasChangedIsTakenUp() async throws {
    let first = live("one", reloaded: "word.service") {
      $0.add("/etc/own/gone", Array("gone".utf8), owner: "root:root", mode: 0o644)
    }
    let result = try await run(first, live("changed", reloaded: "word.service"))
    let lines = result.text.split(separator: "\n").map(String.init)
    let again = try #require(lines.firstIndex { $0 == "fetched" })
    #expect(
      Set(lines[(again + 1)...].prefix(2)) == ["systemctl reload word.service", "systemctl restart gone.service"],
      "\(result.text) \(result.lastLines)")
    #expect(lines.contains("fetched again") && lines.contains("untouched"))
    #expect(lines.suffix(2) == ["own/same", "own/word"])

    let stopped = try await run(live("one", reloaded: "stopped.service"), live("two", reloaded: "stopped.service"))
    #expect(!stopped.text.contains("reload stopped.service"), "a unit that does not run is not started")
    let same = try await run(first, first)
    #expect(same.text.components(separatedBy: "systemctl ").count == 4, "\(same.text)")
  }
}
