// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Loop devices that a machine's installer may have left attached to its disk.
enum LoopDevices {
  private struct Listing: Decodable {
    struct Device: Decodable {
      var name: String
      var file: String?
      var inode: Int?
      /// `major:minor` of the file system that holds the backing file.
      var fileSystem: String?

      enum CodingKeys: String, CodingKey {
        case name
        case file = "back-file"
        case inode = "back-ino"
        case fileSystem = "back-maj:min"
      }
    }
    var loopdevices: [Device]
  }

  /// Detaches every loop device on the file, and first those on such devices: partitions that were mapped inside.
  static func detach(backing file: String) async throws(AgentError) {
    let devices = try await list()
    // A removed file is shown with a suffix.
    let disks = devices.filter { $0.file == file || $0.file == "\(file) (deleted)" }
    for disk in disks {
      var info = stat()
      guard stat(disk.name, &info) == 0 else { continue }
      // By inode: once the container has gone, the path that it was opened by means nothing.
      let place = "\(info.st_dev >> 8 & 0xfff):\(info.st_dev & 0xff | info.st_dev >> 12 & 0xfff00)"
      for partition in devices
      where partition.inode == Int(info.st_ino)
        && partition.fileSystem?.trimmingCharacters(in: .whitespaces) == place
      {
        try await detach(device: partition.name)
      }
      try await detach(device: disk.name)
    }
  }

  static func detach(device: String) async throws(AgentError) {
    let result = try await Command.run("losetup", ["-d", device])
    // Autoclear may have been quicker.
    guard result.succeeded || result.errorText.contains("No such device") else {
      throw AgentError(
        .commandFailed, "\(device) could not be detached", cause: result.lastLines, next: "Run `losetup -d \(device)`.")
    }
  }

  private static func list() async throws(AgentError) -> [Listing.Device] {
    let result = try await Command.checked(
      "losetup", ["--list", "--json", "--output", "NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN"],
      next: "Check that util-linux works.")
    guard !result.stdout.isEmpty else { return [] }
    return try LabFiles.attempt("The list of loop devices could not be read") {
      try JSONDecoder().decode(Listing.self, from: Data(result.stdout)).loopdevices
    }
  }
}

/// Mounts in a machine's own mount namespace. They end with the machine's last process.
enum Mounts {
  static func overlay(lower: String, upper: String, work: String, at path: String) async throws(AgentError) {
    try await mount(["-t", "overlay", "overlay", "-o", "lowerdir=\(lower),upperdir=\(upper),workdir=\(work)", path])
  }

  static func mount(_ arguments: [String]) async throws(AgentError) {
    try await Command.checked("mount", arguments, next: "See the machine's console, and dmesg(1).")
  }

  /// Waits for processes that are still ending.
  static func unmount(_ path: String) async throws(AgentError) {
    try await Poll.until(.seconds(10), "\(path) is no longer in use") { () throws(AgentError) in
      try await Command.run("umount", [path]).succeeded
    }
  }
}
