// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import TestKit
import Testing

@testable import Lab

/// A vendor's APT repository with one package, signed by a key of its own, on this machine's loopback. A lab's proxy
/// reaches it, and nothing else of the lab does.
struct VendorRepository {
  /// Everything in a folder, key and all.
  private let folder: String
  private let server: RunningProgram
  let address: String
  var keys: URL { URL(fileURLWithPath: "\(folder)/keys") }

  static func make() async throws -> VendorRepository {
    let folder = NSTemporaryDirectory() + "vendor-\(LabSite.randomText(8))"
    let port = TestPort.next()
    for name in ["gpg", "keys", "http/pool", "http/dists/vendor/main/binary-amd64"] {
      try LabFiles.makeDirectory("\(folder)/\(name)")
    }
    try await Command.checked("chmod", ["700", "\(folder)/gpg"], next: "See what chmod says.")
    try await gpg(folder, ["--quick-generate-key", "Vendor <vendor@example.org>", "ed25519", "sign", "never"])
    try await gpg(folder, ["--armor", "--output", "\(folder)/keys/vendor.asc", "--export"])
    let server = try RunningProgram(
      "/usr/bin/env", ["busybox", "httpd", "-f", "-p", "127.0.0.1:\(port)", "-h", "\(folder)/http"])
    let repository = VendorRepository(folder: folder, server: server, address: "http://127.0.0.1:\(port)")
    try await repository.publish("tarn-driver", version: "1.2-1")
    return repository
  }

  func end() async throws {
    // A program that was started from a task has the signals of its thread blocked, SIGTERM among them.
    server.send(SIGKILL)
    _ = try await server.ended()
    // Its agent was started by gpg(1), and holds the folder.
    try await Command.checked(
      "gpgconf", ["--homedir", "\(folder)/gpg", "--kill", "all"], next: "See what gpgconf says.")
    // It takes its sockets away by itself: what is gone meanwhile is no error, as it is for FileManager.
    try await Command.checked("rm", ["-rf", folder], next: "See what rm says.")
  }

  /// Makes the only package there is, and signs the lists.
  private func publish(_ package: String, version: String) async throws {
    let control = """
      Package: \(package)
      Version: \(version)
      Architecture: all
      Maintainer: Vendor <vendor@example.org>
      Description: A driver that only this repository has
      """
    for part in ["DEBIAN", "usr/share/\(package)", "usr/share/doc/\(package)"] {
      try LabFiles.makeDirectory("\(folder)/package/\(part)")
    }
    try LabFiles.write(control + "\n", to: "\(folder)/package/DEBIAN/control")
    try LabFiles.write("\(version)\n", to: "\(folder)/package/usr/share/\(package)/version")
    try LabFiles.write("Read me.\n", to: "\(folder)/package/usr/share/doc/\(package)/README")
    let file = "pool/\(package)_\(version)_all.deb"
    try await Command.checked(
      "dpkg-deb", ["--root-owner-group", "--build", "\(folder)/package", "\(folder)/http/\(file)"],
      next: "See what dpkg-deb says.")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/http/\(file)")))
    let list = control + "\nFilename: \(file)\nSize: \(bytes.count)\nSHA256: \(SHA256.hex(bytes))\n\n"
    let suite = "\(folder)/http/dists/vendor"
    try LabFiles.write(list, to: "\(suite)/main/binary-amd64/Packages")
    try LabFiles.write(
      """
      Suite: vendor
      Codename: vendor
      Architectures: amd64 all
      Components: main
      SHA256:
       \(SHA256.hex(list)) \(list.utf8.count) main/binary-amd64/Packages

      """, to: "\(folder)/Release")
    try await Self.gpg(folder, ["--clearsign", "--output", "\(suite)/InRelease", "\(folder)/Release"])
  }

  private static func gpg(_ folder: String, _ arguments: [String]) async throws {
    try await Command.checked(
      "gpg", ["--batch", "--quiet", "--homedir", "\(folder)/gpg", "--passphrase", ""] + arguments,
      deadline: .seconds(60), next: "See what gpg says.")
  }
}
