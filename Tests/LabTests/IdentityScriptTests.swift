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
    mount --make-rprivate /
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
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
    chmod 755 /mnt/root/usr/local/sbin/curl
    chmod 711 /mnt/root/etc/own
    rm -f /mnt/root/etc/ssh/ssh_host_*
    export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
    chroot /mnt/root /bin/bash /usr/lib/cluster/identity && echo fetched || echo "ended with $?"
    cd /mnt/root/etc
    stat -c '%n %u:%G %a' own own/secret own/deep own/deep/secret 2> /dev/null || true
    cat own/secret || true
    ls /mnt/root/run
    """#

  private func run(_ archive: Archive) async throws -> CommandResult {
    let path = NSTemporaryDirectory() + "identity-\(UUID().uuidString).tar"
    defer { unlink(path) }
    try FileSystem.write(archive.closed, to: path)
    return try await Command.run(
      "unshare", ["--mount", "bash", "-c", Self.inItsOwnRoot, "bash", path, Self.script], deadline: .seconds(60))
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
        == "fetched\nown 0:root 711\nown/secret 0:shadow 440\nown/deep 0:root 755\nown/deep/secret 0:root 600\ns3cret",
      "\(result.text) \(result.lastLines)")
  }

  /// It fails, so that reports say so; and the file is nobody's, and not root's.
  @Test func anUnknownOwnerIsAnError() async throws {
    let result = try await run(archive(owner: "nosuchuser:shadow"))

    #expect(result.text.hasPrefix("ended with 1\n") && result.text.contains("own/secret 2097151:shadow 440"))
    #expect(result.errorText.contains("/etc/own/secret: the image has no such user or group"), "\(result.lastLines)")
    #expect(result.errorText.contains("nosuchuser/shadow"))
  }
}
