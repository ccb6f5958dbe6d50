// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// The program that makes and mounts the disks of a node, on a loop device, with everything real but udev. Each way in
/// which it could destroy somebody's data has a test, which compares the disk byte by byte.
@Suite(.serialized, .timeLimit(.minutes(8)), .enabled(if: geteuid() == 0, "loop devices need root"))
struct NodeDisksScriptTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings/NodeDisks/Payload/disks").standardizedFileURL.path

  /// The steps of a test come after this. `describe WIPE ID [MIB]` is the description; `go` runs the program and shows
  /// what it could not do; `boot` is a restart of the machine: nothing is mounted, and /run is empty.
  private static let machine = #"""
    set -euo pipefail
    program=$1
    mount -t tmpfs tmpfs /run
    mkdir -p /run/m /var/lib/cluster
    mount -t tmpfs tmpfs /var/lib/cluster
    image=$(mktemp)
    truncate -s 700M "$image"
    disk=$(losetup --find --show "$image")
    leave() {
      umount --quiet /run/m/* || true
      swapoff "${disk}p3" 2> /dev/null || true
      partx --delete "$disk" 2> /dev/null || true
      losetup --detach "$disk"
      rm -f "$image" "$image.before"
    }
    trap leave EXIT
    own=0f0e0d0c-0b0a-8908-a706-050403020100
    other=1f0e0d0c-0b0a-8908-a706-050403020100
    describe() {
      printf '%s\n' 'disks 1' "disk $2 $1 ${4:-$disk}" \
        "partition scratch ${3:-200} ext4 /run/m/scratch noatime,nodev,nosuid root:root 1777" \
        'partition fast 310 xfs /run/m/fast noatime root:root 750' 'partition swap rest swap - - - -' end \
        > /var/lib/cluster/disks
    }
    go() { CLUSTER_DISKS_PATIENCE=0 bash "$program" > /run/said 2>&1; tail -n +2 /run/cluster/disks | sed "s#$disk#DISK#g"; }
    used() { lsblk --noheadings --raw --output MOUNTPOINTS "$disk" | sort | paste -sd ' ' | xargs; }
    boot() {
      umount --quiet /run/m/* || true
      swapoff "${disk}p3" 2> /dev/null || true
      partx --delete "$disk" 2> /dev/null || true
      rm -rf /run/cluster
    }
    remember() { blockdev --flushbufs "$disk"; cp --sparse=always "$image" "$image.before"; }
    same() { blockdev --flushbufs "$disk"; cmp "$image" "$image.before" && echo same; }

    """#

  private func run(_ steps: String) async throws -> String {
    let result = try await Command.run(
      "unshare", ["--mount", "bash", "-c", Self.machine + steps, "bash", Self.script], deadline: .seconds(240))
    #expect(result.status == 0, "\(result.text)\n\(result.errorText)")
    return result.text
  }

  @Test func aBlankDiskIsMadeAndKeptOverRestarts() async throws {
    let text = try await run(
      """
      describe never $own; go; used; stat -c '%a %n' /run/m/scratch /run/m/fast
      echo kept > /run/m/scratch/file; go; boot; go; used; cat /run/m/scratch/file
      blkid --probe --output value --match-tag LABEL ${disk}p2; sfdisk --disk-id $disk; grep -c making /run/said || true
      """)
    #expect(
      text == """
        /run/m/fast /run/m/scratch [SWAP]
        1777 /run/m/scratch
        750 /run/m/fast
        /run/m/fast /run/m/scratch [SWAP]
        kept
        fast
        0F0E0D0C-0B0A-8908-A706-050403020100
        0

        """)
  }

  /// Anything that somebody else may have put there, with and without a signature.
  @Test(arguments: [
    ("mkfs.ext4 -q -F $disk", "ext4"), ("mkfs.xfs -q -f $disk", "xfs"), ("mkswap $disk > /run/x", "swap"),
    ("printf 'label: gpt\\nname=home\\n' | sfdisk -q $disk 2> /run/x", "partitions that are not ours (home)"),
    ("printf 'label: gpt\\n' | sfdisk -q $disk 2> /run/x", "partitions that are not ours ()"),
    ("printf 'label: dos\\nsize=10MiB\\n' | sfdisk -q $disk 2> /run/x", "dos"),
    // LUKS by its first bytes; a table whose beginning is gone; an encrypted volume, and a database, without any.
    ("printf 'LUKS\\272\\276\\000\\001' | dd of=$disk conv=notrunc status=none", "crypto_LUKS"),
    (
      "printf 'label: gpt\\nname=home\\n' | sfdisk -q $disk 2> /run/x; dd if=/dev/zero of=$disk bs=1M count=1 status=none",
      "partitions that are not ours ()"
    ),
    ("dd if=/dev/urandom of=$disk bs=1M count=2 status=none", "data of no known kind"),
    ("dd if=/dev/urandom of=$disk bs=1M count=2 seek=698 status=none", "data of no known kind"),
    ("dd if=/dev/urandom of=$disk bs=1M count=40 seek=333 status=none", "data of no known kind"),
  ])
  func whatSomebodyElseMadeIsLeftAlone(_ content: (make: String, kind: String)) async throws {
    let text = try await run(
      "\(content.make); remember; for wipe in never each-boot; do describe $wipe $own; go; done; same; used")
    let refusal = "DISK is left alone: it has \(content.kind)\n"
    #expect(text == refusal + refusal + "same\n\n")
  }

  /// A node that was moved, a disk of another machine with the same names, a copy of a disk on a larger one.
  @Test func aDiskOfAnotherNodeIsLeftAlone() async throws {
    let text = try await run(
      """
      describe never $other; go; echo theirs > /run/m/scratch/file; boot; remember
      for wipe in never each-boot; do describe $wipe $own; go; done; same; used
      describe never $other; go; cat /run/m/scratch/file; boot
      truncate -s 800M "$image"; losetup --set-capacity $disk; remember
      for wipe in never each-boot; do describe $wipe $other; go; done; same
      """)
    let moved = "DISK is left alone: it has the partitions that are described, made for another node\n"
    let larger = "DISK has other partitions than are described: scratch fast swap\n"
    #expect(text == moved + moved + "same\n\ntheirs\n" + larger + larger + "same\n")
  }

  /// The description was changed under a disk that is full of data, or a partition has another file system.
  @Test func anotherLayoutDestroysNothing() async throws {
    let text = try await run(
      """
      describe never $own; go; boot; remember
      for wipe in never each-boot; do describe $wipe $own 210; go; done; same
      describe never $own; partx --update $disk; mkfs.ext4 -q -F ${disk}p2; wipefs --quiet --all ${disk}p3; go; used
      """)
    let other = "DISK has other partitions than are described: scratch fast swap\n"
    #expect(
      text == other + other + "same\n" + "DISKp3 should have swap, and has nothing that is known\n"
        + "DISKp2 should have xfs, and has ext4\n" + "/run/m/scratch\n")
  }

  /// The power goes at each step of making it: the next boot makes it from the beginning. Had somebody else taken the
  /// disk in between, it is theirs.
  @Test(arguments: ["wipefs", "sfdisk", "mkfs.ext4", "mkfs.xfs", "mkswap", "erase_mark"])
  func halfDoneIsMadeAgain(_ step: String) async throws {
    let text = try await run(
      "step=\(step)\n" + #"""
        describe never $own
        # The same program, which dies at the step.
        sed -e "/^make() {/,/^}/s/^  $step/  kill -KILL \$\$ \$BASHPID\n&/" \
          -e "/^make_file_system() {/,/^}/s/$step/kill -KILL \$\$ \$BASHPID; &/" \
          "$program" > /run/dying
        ! cmp -s /run/dying "$program" || exit 1
        bash /run/dying > /run/said 2>&1 || true
        sleep 0.3; [ ! -e /run/cluster/disks ]; boot
        go; grep -c "begun before" /run/said; used; boot
        wipefs --quiet --all $disk; blkdiscard --force --zeroout $disk 2> /run/x
        bash /run/dying > /run/said 2>&1 || true
        sleep 0.3; boot; mkfs.ext4 -q -F $disk; remember; go; same
        """#)
    let first = "1\n/run/m/fast /run/m/scratch [SWAP]\n"
    #expect(text.hasPrefix(first) && text.hasSuffix("DISK is left alone: it has ext4\nsame\n"), "\(text)")
  }

  @Test func wipingIsForWhatWasSaid() async throws {
    let text = try await run(
      """
      mkfs.ext4 -q -F $disk; describe once $own; go; used
      echo kept > /run/m/scratch/file; boot; go; cat /run/m/scratch/file; boot
      describe once $own 210; go; used; echo new > /run/m/scratch/file; boot; go; cat /run/m/scratch/file; boot
      describe each-boot $own 210; go; ls /run/m/scratch; echo now > /run/m/scratch/file; go; cat /run/m/scratch/file
      boot; go; ls /run/m/scratch; used
      """)
    let all = "/run/m/fast /run/m/scratch [SWAP]\n"
    #expect(text == all + "kept\n" + all + "new\nlost+found\nnow\nlost+found\n" + all)
  }

  /// A disk in use is not made, whatever was said; a part of a disk is no disk; two entries are not about one.
  @Test func whatIsInUseOrNoDiskIsRefused() async throws {
    let text = try await run(
      """
      mkfs.ext4 -q -F $disk; mkdir -p /run/m/theirs; mount $disk /run/m/theirs; describe once $own; go
      findmnt --noheadings --output TARGET /run/m/theirs; umount /run/m/theirs; describe never $own; wipefs -qa $disk
      blkdiscard --force --zeroout $disk; go; used
      boot; partx --update $disk; remember; describe once $own 100 ${disk}p2; go; same
      describe never $own; (cat /var/lib/cluster/disks; sed 1d /var/lib/cluster/disks) > /run/two; cp /run/two /var/lib/cluster/disks; go
      describe never $own 200 /dev/disk/by-id/none; go | sed 's/;.*//'
      describe never $own 900; go
      boot; describe never $own; mkdir -p /run/m/scratch; mount -t tmpfs tmpfs /run/m/scratch; go; used
      boot; blkdiscard --force --zeroout $disk; mkfs.ext4 -q -F $disk; describe never $own 900; go
      """)
    #expect(
      text == """
        DISK is in use (/run/m/theirs)
        /run/m/theirs
        /run/m/fast /run/m/scratch [SWAP]
        DISKp2 is a part of a disk
        same
        two entries of disks: mean DISK
        no disk fits /dev/disk/by-id/none
        DISK has 700 MiB, too few for its partitions
        something else is mounted at /run/m/scratch
        /run/m/fast [SWAP]
        DISK is left alone: it has ext4 and too little room

        """)
  }
}
