// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// The program with which a node runs its checks, in a root of its own that is thrown away.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: geteuid() == 0, "a root of its own needs root"))
struct CheckReadyScriptTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings/Images/Payload/check-ready").standardizedFileURL.path

  private static let inItsOwnRoot = #"""
    set -eu
    script=$(mktemp); cp "$1" "$script"; list=$(mktemp); cp "$2" "$list"
    mount --make-rprivate /
    mount -t tmpfs tmpfs /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
    mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
    mount -t tmpfs tmpfs /mnt/root/run
    mount -t tmpfs tmpfs /mnt/root/dev
    mknod -m 666 /mnt/root/dev/null c 1 3
    mkdir -p /mnt/root/usr/lib/cluster /mnt/root/var/lib/cluster
    cp "$script" /mnt/root/usr/lib/cluster/check-ready; cp "$list" /mnt/root/var/lib/cluster/ready
    rm "$script" "$list"
    export LEAK=1
    chroot /mnt/root /bin/bash /usr/lib/cluster/check-ready && echo passed || echo "ended with $?"
    cat /mnt/root/run/cluster/ready
    ls /mnt/root/run
    """#

  /// - Parameter checks: a line each: `NAME SECONDS STATUS NEEDS`, then its words.
  private func run(_ checks: (String, [String])...) async throws -> CommandResult {
    let list = NSTemporaryDirectory() + "ready-\(UUID().uuidString)"
    defer { unlink(list) }
    var lines = ["ready 0123456789abcdef"]
    for (head, words) in checks { lines += ["check \(head)"] + words.map { "word \($0)" } + ["end"] }
    try (lines.joined(separator: "\n") + "\n").write(toFile: list, atomically: true, encoding: .utf8)
    return try await Command.run(
      "unshare", ["--mount", "bash", "-c", Self.inItsOwnRoot, "bash", Self.script, list], deadline: .seconds(60))
  }

  /// Words are no shell's, nothing of the caller's environment is there, and any status may be the one that is wanted.
  @Test func allPass() async throws {
    let judge =
      #"[ "$#" = 4 ] && [ "$2" = '\$(x)' ] && [ "$(printf %s "$3" | wc -l)" = 1 ] && [ -z "$4" ] && "#
      + #"[ -z "${LEAK:-}" ] && [ "$HOME" = /root ] && [ "$PWD" = /root ]"#
    let result = try await run(
      ("a/one 10 0 ", ["true"]), ("a/two 10 3 a/one", ["sh", "-c", "exit 3"]),
      (
        "a/words 10 0 a/one a/two",
        ["sh", "-c", judge.replacing("\\", with: "\\\\"), "sh", "a b", "\\\\$(x)", "a\\nb", ""]
      ))

    #expect(
      result.text == "passed\n0123456789abcdef\ncluster\ncluster-ready.lock\n", "\(result.text) \(result.errorText)")
  }

  /// What each says is one line without what a terminal obeys; what needs it is not run; none is waited for for long.
  @Test func whatDoesNotPassIsSaid() async throws {
    let began = ContinuousClock.now
    let result = try await run(
      ("a/bad 10 1 ", ["printf", "\\\\n  oh \\\\033[31m no\\\\nmore"]), ("a/after 10 1 a/none", ["false"]),
      ("a/none 10 0 ", ["nosuchprogram"]), ("a/slow 1 0 ", ["sleep", "50"]), ("a/false 10 0 ", ["false"]),
      ("a/loud 10 0 ", ["sh", "-c", "yes | head -c 300000"]))

    #expect(ContinuousClock.now - began < .seconds(20))
    #expect(
      result.text == """
        ended with 1
        0123456789abcdef
        a/bad status 0,   oh ?[31m no
        a/after needs a/none
        a/none status 127, env: 'nosuchprogram': No such file or directory
        a/slow did not end within 1 s
        a/false status 1
        cluster
        cluster-ready.lock

        """, "\(result.text) \(result.errorText)")
  }
}
