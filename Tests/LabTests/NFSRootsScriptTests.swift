// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// The program that mounts and exports the roots of nodes, with real images and real mounts. Its exportfs(8) notes only
/// that it was called: the kernel here need have no server. That the server's answers are the same on two heads, and
/// that nodes go on, is seen in machines of their own.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: geteuid() == 0, "loop devices need root"))
struct NFSRootsScriptTests {
  private static let program = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings/NFSRoots/Payload/nfs-roots").standardizedFileURL.path

  /// The steps of a test come after this. `image NAME/DIGEST [yes]` is a build that is whole, and made to be exported;
  /// `go WORDS` runs the program and shows what it said, `show` what is exported and mounted. Digests of a squashfs
  /// read SHA1, SHA2, ….
  private static let machine = #"""
    set -euo pipefail
    mount -t tmpfs tmpfs /run
    mkdir -p /run/upper /run/work /run/bin
    mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
    mount -t tmpfs tmpfs /srv
    mkdir -p /etc/cluster
    rm -rf /etc/exports.d
    printf '#!/bin/sh\necho "exportfs $*" >> /run/called\n' > /run/bin/exportfs
    chmod +x /run/bin/exportfs
    PATH=/run/bin:$PATH
    touch /run/called /run/digests
    install -m 755 "$program" /run/bin/nfs-roots
    program=/run/bin/nfs-roots
    trap 'umount --quiet --recursive /srv || true' EXIT
    list() { { echo "network 10.1.0.0/16"; for name in "$@"; do echo "image $name"; done; } > /etc/cluster/nfs-roots; }
    image() {
      local folder=/srv/cluster/images/$1 sha
      mkdir -p "$folder" /run/tree
      echo "$1" > /run/tree/what
      mksquashfs /run/tree "$folder/root.squashfs" -quiet -no-progress -noappend > /run/said
      sha=$(sha256sum < "$folder/root.squashfs")
      echo "${sha%% *}" >> /run/digests
      printf '    kernel x boot=cluster cluster.sha256=%s image=%s\n' "${sha%% *}" "$1" > "$folder/boot.ipxe"
      printf '  "path" : "/usr/share/cluster/images/%s",\n' "${2:+nfs-root}" > "$folder/manifest.json"
    }
    short() {
      local number=0 sha
      while read -r sha; do
        number=$((number + 1))
        set -- -e "s#${sha:0:32}#SHA$number#g" \
          -e "s#${sha:0:8}-${sha:8:4}-${sha:12:4}-${sha:16:4}-${sha:20:12}#UUID$number#g" "$@"
      done < /run/digests
      sed -e 's#(ro,no_root_squash,no_subtree_check,mp,fsid=\(.*\))#(\1)#' "$@"
    }
    go() { "$program" "$@" 2>&1 | short || echo "status ${PIPESTATUS[0]}"; }
    show() {
      cat /etc/exports.d/cluster-nfs-roots.exports | short
      for file in /srv/cluster/roots/*/*/*/what; do
        [ ! -e "$file" ] || echo "$(echo "$file" | short): $(cat "$file")"
      done
      cat /run/called
      : > /run/called
    }

    """#

  private func run(_ steps: String) async throws -> String {
    let result = try await Command.run(
      "unshare", ["--mount", "bash", "-c", "program=$1\n" + Self.machine + steps, "bash", Self.program],
      deadline: .seconds(120))
    #expect(result.status == 0, "\(result.text)\n\(result.errorText)")
    return result.text
  }

  private static let a = "/srv/cluster/roots/compute/00000000000000aa"
  private static let b = "/srv/cluster/roots/compute/00000000000000bb"

  /// One that is not whole, one that was not made for it and one of another name are not; nothing is done twice.
  @Test func eachBuildIsExported() async throws {
    let text = try await run(
      """
      list compute
      image compute/00000000000000aa yes; image compute/00000000000000bb; image plain/00000000000000cc yes
      image compute/00000000000000dd yes; rm /srv/cluster/images/compute/00000000000000dd/boot.ipxe
      go serve; show; go serve; show
      """)
    let exported = """
      "\(Self.a)/SHA1" 10.1.0.0/16(UUID1)
      \(Self.a)/SHA1/what: compute/00000000000000aa

      """
    #expect(text == exported.replacing("aa\n", with: "aa\nexportfs -r\n", maxReplacements: 1) + exported)
  }

  /// The description may go on to another build, and to another image: nodes may run from the old one.
  @Test func whatIsExportedStays() async throws {
    let text = try await run(
      """
      list compute; image compute/00000000000000aa yes; go serve; show > /dev/null
      image compute/00000000000000bb yes; list other; go serve; show
      list compute; go serve; show
      # A restart of the head.
      umount --recursive /srv/cluster/roots/compute/*/*; list other; show; go serve; show
      """)
    let first = "\"\(Self.a)/SHA1\" 10.1.0.0/16(UUID1)\n"
    let second = "\"\(Self.b)/SHA2\" 10.1.0.0/16(UUID2)\n"
    let one = "\(Self.a)/SHA1/what: compute/00000000000000aa\n"
    let two = "\(Self.b)/SHA2/what: compute/00000000000000bb\n"
    let both = first + second + one + two + "exportfs -r\n"
    #expect(text == first + one + both + first + second + both)
  }

  /// Whoever removes the build asks for it; the other one is not touched.
  @Test func oneIsDropped() async throws {
    let text = try await run(
      """
      list compute; image compute/00000000000000aa yes; image compute/00000000000000bb yes; go serve; show > /dev/null
      rm /srv/cluster/images/compute/00000000000000aa/boot.ipxe
      go drop compute/00000000000000aa; show; go drop compute/00000000000000aa; go serve; show
      ls /srv/cluster/roots/compute
      """)
    let rest = """
      "\(Self.b)/SHA2" 10.1.0.0/16(UUID2)
      \(Self.b)/SHA2/what: compute/00000000000000bb

      """
    #expect(text == rest + "exportfs -r\n" + rest + "00000000000000bb\n")
  }

  /// Another squashfs in its place is not what nodes run from: their files would be others. They wait.
  @Test func anotherSquashfsIsNotServed() async throws {
    let text = try await run(
      """
      list compute; image compute/00000000000000aa yes; go serve; show > /dev/null
      umount /srv/cluster/roots/compute/*/*; echo x >> /srv/cluster/images/compute/00000000000000aa/root.squashfs
      go serve | sed 's/SHA-256 [0-9a-f]*/SHA-256 .../'; show
      rm /srv/cluster/images/compute/00000000000000aa/root.squashfs; go serve; show
      """)
    let exported = "\"\(Self.a)/SHA1\" 10.1.0.0/16(UUID1)\n"
    let squashfs = "/srv/cluster/images/compute/00000000000000aa/root.squashfs"
    #expect(
      text == """
        \(squashfs) has SHA-256 ..., which is not that of \(Self.a)/SHA1: it is not served
        status 1
        \(exported)\(squashfs) is not there: nodes that run from it wait
        status 1
        \(exported)
        """)
  }
}
