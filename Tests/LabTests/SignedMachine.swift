// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// An emulated machine on the boot network of `BootServices`, with the ROMs, GRUB and kernel of a real one.
struct SignedMachine {
  let services: BootServices
  let isUEFI: Bool

  static let mac = "52:54:00:10:00:01"
  private var console: String { "\(services.folder)/console" }

  /// The kernel of Debian for emulated machines, and an initrd that says that it runs, in the folder.
  static func makeSystem(in folder: String) async throws {
    let work = "\(folder)/.system"
    try FileManager.default.createDirectory(atPath: "\(work)/initrd/bin", withIntermediateDirectories: true)
    let fetch = """
      set -e
      cd "$1"
      package=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
      apt-get -q -o APT::Sandbox::User=root download "$package" >&2
      dpkg-deb --extract ./*.deb kernel
      install -m 644 kernel/boot/vmlinuz-* ../vmlinuz
      cp "$(command -v busybox)" initrd/bin/busybox
      cd initrd
      find . | busybox cpio -o -H newc | gzip > ../../initrd
      cd ../..
      rm -r "$1"
      """
    let program = """
      #!/bin/busybox sh
      /bin/busybox mkdir /proc
      /bin/busybox mount -t proc proc /proc
      echo "signed: $(/bin/busybox cat /proc/cmdline)"
      /bin/busybox poweroff -f

      """
    try LabFiles.write(program, to: "\(work)/initrd/init", mode: 0o755)
    let made = try await Command.run("sh", ["-c", fetch, "sh", work], deadline: .seconds(300))
    try #require(made.succeeded, "\(made.lastLines)")
  }

  /// Switches it on, and waits until its console says one of the texts, or it has been on for too long.
  func boot(until texts: String..., within seconds: Int = 600) async throws -> String {
    let batch = [
      // The addresses of a storm's machines are this namespace's own, and it would answer for all of them.
      "route flush table main", "link add br0 type bridge", "link set storm master br0", "link set br0 up",
      "tuntap add tap0 mode tap",
      "link set tap0 master br0", "link set tap0 up",
    ]
    for line in batch {
      let done = try await services.onMachine(["ip"] + line.split(separator: " ").map(String.init))
      try #require(done.succeeded, "ip \(line): \(done.lastLines)")
    }
    try LabFiles.write("", to: console)
    let argv = ["--net=/run/netns/\(services.machines)", "qemu-system-x86_64"] + (try arguments())
    let console = console
    let said = try await withThrowingTaskGroup(of: String.self) { group in
      group.addTask {
        // Ends with the deadline, with the machine, or when the other task has seen enough.
        let ended = try await Command.run("nsenter", argv, deadline: .seconds(seconds))
        return try Self.plain(console) + ended.lastLines
      }
      group.addTask {
        while true {
          let said = try Self.plain(console)
          if texts.contains(where: said.contains) { return said }
          try await Task.sleep(for: .milliseconds(500))
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? ""
    }
    for name in ["tap0", "br0"] { _ = try await services.onMachine(["ip", "link", "del", name]) }
    return said
  }

  private func arguments() throws -> [String] {
    var arguments = [
      "-nodefaults", "-no-user-config", "-no-reboot", "-machine", "q35,usb=off,sata=off,smbus=off", "-accel",
      "tcg,thread=multi,tb-size=256", "-cpu", "Nehalem", "-smp", "2", "-m", "1024", "-display", "none", "-vga", "none",
      "-serial", "file:\(console)", "-netdev", "tap,id=net0,ifname=tap0,script=no,downscript=no", "-device",
      "virtio-net-pci,netdev=net0,mac=\(Self.mac)" + (isUEFI ? ",romfile=,bootindex=1" : ""), "-device",
      "virtio-rng-pci",
    ]
    if isUEFI {
      let variables = "\(services.folder)/variables.fd"
      try UEFIROM.prepare(variables)
      arguments += UEFIROM.arguments(variables)
    } else {
      arguments += ["-device", "sga", "-boot", "order=n"]
    }
    return arguments
  }

  /// What is on the console, without what moves its cursor.
  private static func plain(_ console: String) throws -> String {
    let data = try Data(contentsOf: URL(filePath: console))
    return String(decoding: data, as: UTF8.self).replacing(/\u{1b}\[[0-9;=?]*[A-Za-z]/, with: "")
  }
}
