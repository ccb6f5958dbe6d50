// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// The program that installs an image on a node's disk, on a loop device, with everything real but udev and the heads'
/// HTTP. Whether the disk boots is seen by `DiskNodesLabTests`.
@Suite(.serialized, .timeLimit(.minutes(8)), .enabled(if: geteuid() == 0, "loop devices need root"))
struct DiskInstallScriptTests {
  private static let wings = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings").standardizedFileURL.path

  /// The steps of a test come after this. `go WIPE [RECORD] [ID]` installs and shows how it ended, `look` what is
  /// installed, `code` the first bytes, which a BIOS runs; `boot` is a restart of the machine.
  private static let machine = #"""
    set -euo pipefail
    mount -t tmpfs tmpfs /run
    mkdir -p /run/bin /run/m /run/image /run/tree/etc /run/tree/boot
    cp "$1/Nodes/Provisioners/Disk/Payload/root-disk" "$1/NodeDisks/Payload/disks" /run/bin
    echo an image > /run/tree/etc/what
    mksquashfs /run/tree /run/root.squashfs -quiet -no-progress > /run/said
    echo kernel > /run/image/vmlinuz
    echo initrd > /run/image/initrd
    printf '{\n  "files" : {\n    "initrd" : "%s",\n    "vmlinuz" : "%s"\n  }\n}\n' \
      $(sha256sum /run/image/initrd /run/image/vmlinuz | cut -c 1-64) > /run/image/manifest.json
    echo "vmlinuz panic=30 initrd=initrd boot=cluster-disk a='b" > /run/cmdline
    image=$(mktemp)
    truncate -s 700M "$image"
    disk=$(losetup --find --show "$image")
    leave() {
      umount --quiet /run/cluster/target /run/m 2> /dev/null || true
      partx --delete "$disk" 2> /dev/null || true
      losetup --detach "$disk"
      rm -f "$image" "$image.before"
    }
    trap leave EXIT
    own=0f0e0d0c-0b0a-8908-a706-050403020100
    other=1f0e0d0c-0b0a-8908-a706-050403020100
    go() {
      rm -f /run/cluster/root-refusal
      CLUSTER_DISKS_PATIENCE=0 bash "${program:-/run/bin/root-disk}" install "${3:-$own}" "$1" "$disk" \
        "${2:-compute/1 aa 1}" file:///run/image /run/root.squashfs /run/cmdline > /run/said 2>&1 || true
      { cat /run/cluster/root-refusal 2> /dev/null || grep ^cluster-root /run/said | tail -n 1; } | sed "s#$disk#DISK#g"
    }
    look() {
      partx --update "$disk" 2> /dev/null || true
      mount -o ro "${disk}p2" /run/m
      cat /run/m/etc/what /run/m/var/lib/cluster/root
      umount /run/m
    }
    code() { dd if="$disk" bs=4 count=1 status=none | od -An -tx1 | tr -d ' '; }
    boot() {
      umount --quiet /run/cluster/target 2> /dev/null || true
      partx --delete "$disk" 2> /dev/null || true
      rm -rf /run/cluster
    }
    blank() { blkdiscard --force --zeroout "$disk" 2> /dev/null; }
    remember() { blockdev --flushbufs "$disk"; cp --sparse=always "$image" "$image.before"; }
    same() { blockdev --flushbufs "$disk"; cmp "$image" "$image.before" && echo same; }

    """#

  private func run(_ steps: String) async throws -> String {
    let result = try await Command.run(
      "unshare", ["--mount", "bash", "-c", Self.machine + steps, "bash", Self.wings], deadline: .seconds(240))
    #expect(result.status == 0, "\(result.text)\n\(result.errorText)")
    return result.text
  }

  @Test func aBlankDiskIsInstalledAndKept() async throws {
    let text = try await run(
      """
      go never; look; code; boot; partx --update $disk; mount ${disk}p2 /run/m; echo mine > /run/m/etc/what
      umount /run/m; boot; go never; look; boot; go never "compute/2 bb 1"; look; go never "compute/2 bb 2"; look
      mount ${disk}p2 /run/m; cat /run/m/boot/vmlinuz /run/m/boot/initrd /run/m/boot/grub/grub.cfg
      sed -n 's/^ APPEND //p' /run/m/boot/extlinux/extlinux.conf; umount /run/m
      mdir -b -i ${disk}p1 ::/EFI/BOOT 2> /run/said
      """)
    #expect(
      text == """
        cluster-root: DISK has compute/1
        an image
        compute/1 aa 1
        33c0fa8e
        cluster-root: DISK has compute/1 already
        mine
        compute/1 aa 1
        cluster-root: DISK has compute/2
        an image
        compute/2 bb 1
        cluster-root: DISK has compute/2
        an image
        compute/2 bb 2
        kernel
        initrd
        linux /boot/vmlinuz 'panic=30' 'boot=cluster-disk' 'a='\\''b'
        initrd /boot/initrd
        boot
        panic=30 boot=cluster-disk a='b
        ::/EFI/BOOT/BOOTX64.EFI

        """)
  }

  /// Anything that somebody else may have put there, with and without a signature; another node's root; a file system
  /// in the root's place.
  @Test(arguments: [
    ("mkfs.ext4 -q -F $disk", "DISK is left alone: it has ext4"),
    (
      "printf 'LUKS\\272\\276\\000\\001' | dd of=$disk conv=notrunc status=none",
      "DISK is left alone: it has crypto_LUKS"
    ),
    (
      "dd if=/dev/urandom of=$disk bs=1M count=40 seek=333 status=none",
      "DISK is left alone: it has data of no known kind"
    ),
    (
      "printf 'label: gpt\\nname=home\\n' | sfdisk -q $disk 2> /run/x",
      "DISK is left alone: it has partitions that are not ours (home)"
    ),
    (
      "go never 'compute/1 aa 1' $other > /run/x",
      "DISK is left alone: it has the partitions that are described, made for another node"
    ),
    (
      "go never > /run/x; mkfs.xfs -q -f ${disk}p2",
      "DISKp2 is left alone: it has xfs that is no root of this node"
    ),
  ])
  func whatIsSomebodyElsesStaysUntilItMayGo(_ content: (make: String, refusal: String)) async throws {
    let text = try await run("\(content.make); remember; go never; same; go once; look; go once")
    #expect(
      text == content.refusal + "\nsame\ncluster-root: DISK has compute/1\nan image\ncompute/1 aa 1\n"
        + "cluster-root: DISK has compute/1 already\n")
  }

  /// The power goes at each step, on a blank disk and on an installed one. Until all is there a BIOS is told to try the
  /// next device, which is the network; the next boot installs from the beginning.
  @Test(arguments: [
    "make_root", "fetch_kernel", "write_entry", "install_loaders", "umount", "dd", "erase_mark",
  ])
  func halfDoneIsInstalledAgain(_ step: String) async throws {
    let text = try await run(
      "step=\(step)\n" + #"""
        # The same program, which dies at the step.
        sed "/^install_image() {/,/^}/s/^  $step/  kill -KILL \$\$ \$BASHPID\n&/" /run/bin/root-disk > /run/bin/dying
        ! cmp -s /run/bin/dying /run/bin/root-disk || exit 1
        # All of its processes have the lock, until they are dead.
        dying() {
          (exec 9> /run/lock; flock 9; program=/run/bin/dying; go never "$1") > /run/x 2>&1 || true
          flock /run/lock true
        }
        for record in "compute/1 aa 1" "compute/2 bb 1"; do
          dying "$record"; code; boot; go never "$record"; grep -o "begun before" /run/said; look; code
        done
        dying "compute/3 cc 1"; boot; blank; mkfs.ext4 -q -F $disk; remember; go never; same
        """#)
    let code = step == "erase_mark" ? "33c0fa8e" : "cd18ebfe"
    let installed = ["compute/1 aa 1", "compute/2 bb 1"].map { record in
      "\(code)\ncluster-root: DISK has \(record.prefix(9))\nbegun before\nan image\n\(record)\n33c0fa8e\n"
    }
    #expect(text == installed.joined() + "DISK is left alone: it has ext4\nsame\n")
  }

  /// A root whose superblock is there, and what that leads to is not: it may hold what somebody misses.
  @Test func aDamagedRootIsNotReplacedUnasked() async throws {
    let text = try await run(
      """
      go never > /run/x; dd if=/dev/zero of=${disk}p2 bs=4096 seek=1 count=3 conv=notrunc status=none
      go never "compute/2 bb 1"; go once "compute/2 bb 1"; look
      """)
    #expect(
      text == """
        the root on DISKp2 is damaged: wipe: once installs it anew
        cluster-root: DISK has compute/2
        an image
        compute/2 bb 1

        """)
  }

  /// Two disks with one root, and a kernel that is another than was built.
  @Test func whatCannotBeRightIsRefused() async throws {
    let text = try await run(
      """
      echo another > /run/image/vmlinuz; go never; code; echo kernel > /run/image/vmlinuz; go never; boot; blank
      truncate -s 300M /run/second; second=$(losetup --find --show /run/second)
      mkfs.ext4 -q -F -U $own $second; remember; go never | sed "s#$second#SECOND#"; losetup --detach $second; same
      """)
    #expect(
      text == """
        file:///run/image/vmlinuz is not what the image's manifest says
        cd18ebfe
        cluster-root: DISK has compute/1
        SECOND has a root of this node, and DISK is described: give it up with wipefs, or describe it
        same

        """)
  }

  /// At each boot the boot loaders get the arguments of that boot, and those that they add themselves are left out.
  @Test func theEntryIsThatOfTheLastBoot() async throws {
    let result = try await Command.run(
      "unshare",
      [
        "--mount", "bash", "-c",
        #"""
        set -euo pipefail
        mount -t tmpfs tmpfs /run; mkdir -p /run/bin /run/boot
        cp "$1/Nodes/Provisioners/Disk/Payload/root-disk" "$1/NodeDisks/Payload/disks" /run/bin
        cat > /run/bin/kernel-arguments <<< 'kernel_argument() { echo an-id,never,nvme; }'
        echo "BOOT_IMAGE=/boot/vmlinuz initrd=/boot/initrd cluster.args=1" > /run/cmdline
        mount --bind /run/cmdline /proc/cmdline; mount --bind /run/boot /boot
        bash /run/bin/root-disk entry; first=$(stat -c %i /boot/grub/grub.cfg); bash /run/bin/root-disk entry
        [ "$(stat -c %i /boot/grub/grub.cfg)" = "$first" ]; sed -n 1p /boot/grub/grub.cfg
        echo "BOOT_IMAGE=/boot/vmlinuz cluster.args=2" > /run/cmdline; bash /run/bin/root-disk entry
        sed -n 1p /boot/grub/grub.cfg; sed -n '/APPEND/p' /boot/extlinux/extlinux.conf; ls /boot/grub /boot/extlinux
        """#, "bash", Self.wings,
      ], deadline: .seconds(60))
    #expect(
      result.text == """
        linux /boot/vmlinuz 'cluster.args=1'
        linux /boot/vmlinuz 'cluster.args=2'
         APPEND cluster.args=2
        /boot/extlinux:
        extlinux.conf

        /boot/grub:
        grub.cfg

        """, "\(result.errorText)")
  }
}
