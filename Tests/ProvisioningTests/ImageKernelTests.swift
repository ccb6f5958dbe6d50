// SPDX-License-Identifier: Apache-2.0
import AgentServer
import Foundation
import Testing

/// Real dpkg-query over a database of kernels.
@Suite struct ImageKernelTests {
  private final class Database {
    let folder = FileManager.default.temporaryDirectory.appending(path: "dpkg-\(UUID())")

    init(_ packages: [(name: String, depends: String, files: [String])]) throws {
      let info = folder.appending(path: "info")
      try FileManager.default.createDirectory(at: info, withIntermediateDirectories: true)
      try "1\n".write(to: info.appending(path: "format"), atomically: true, encoding: .utf8)
      var status = ""
      for package in packages {
        status += "Package: \(package.name)\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"
        status += "Maintainer: A\nDescription: B\n" + (package.depends.isEmpty ? "" : "Depends: \(package.depends)\n")
        status += "\n"
        try (["/."] + package.files).map { $0 + "\n" }.joined().write(
          to: info.appending(path: "\(package.name).list"), atomically: true, encoding: .utf8)
      }
      try status.write(to: folder.appending(path: "status"), atomically: true, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func version(of package: String) async throws -> String? {
      try await ImageKernel.version(of: package, in: folder.path)
    }
  }

  /// By their names alone, 6.1.0-9 would be the last.
  @Test func theKernelThatIsNamedBootsAndNotTheNewest() async throws {
    let database = try Database([
      ("linux-image-amd64", "linux-image-6.1.0-41-amd64 (= 6.1.158-1)", []),
      ("linux-image-6.1.0-41-amd64", "kmod", ["/boot/vmlinuz-6.1.0-41-amd64"]),
      ("linux-image-6.1.0-9-amd64", "kmod", ["/boot/vmlinuz-6.1.0-9-amd64"]),
      ("linux-image-6.12.9-rt-amd64", "kmod", ["/boot/vmlinuz-6.12.9-rt-amd64"]), ("kmod", "", ["/bin/kmod"]),
    ])

    #expect(try await database.version(of: "linux-image-amd64") == "6.1.0-41-amd64")
    #expect(try await database.version(of: "linux-image-6.1.0-9-amd64") == "6.1.0-9-amd64")
    #expect(try await database.version(of: "linux-image-6.12.9-rt-amd64") == "6.12.9-rt-amd64")
  }

  @Test func whatIsNoKernelHasNone() async throws {
    let database = try Database([
      ("kmod", "libc6 | libc6.1", ["/bin/kmod"]), ("libc6", "kmod", []), ("vendor-kernel", "libc6, kernel-7", []),
      ("kernel-7", "", ["/boot/vmlinuz-7"]),
    ])

    #expect(try await database.version(of: "kmod") == nil)
    #expect(try await database.version(of: "not-installed") == nil)
    #expect(try await database.version(of: "vendor-kernel") == "7")
  }
}
