// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The kernel that boots: the one that `kernel:` names, whichever others are installed beside it.
package enum ImageKernel {
  /// A package that only depends on the kernel's is a step; Debian's are one step away.
  private static let mostSteps = 3

  /// The version of the kernel of a package, or of the one that it depends on: `6.1.0-41-amd64`. Nil: it has none.
  /// - Parameter database: dpkg(1)'s, of the image.
  package static func version(of package: String, in database: String) async throws(AgentError) -> String? {
    var (packages, seen): ([String], Set<String>) = ([package], [package])
    for _ in 0..<mostSteps {
      var next: [String] = []
      for package in packages {
        let files = try await query(["--listfiles", package], database)
        let kernels = files.compactMap { $0.hasPrefix("/boot/vmlinuz-") ? $0.dropFirst("/boot/vmlinuz-".count) : nil }
        if let kernel = kernels.first { return String(kernel) }
        let depends = try await query(["--show", "--showformat=${Depends}\\n", package], database).first ?? ""
        for name in depends.split(separator: ",").compactMap(firstChoice) where seen.insert(name).inserted {
          next.append(name)
        }
      }
      packages = next
    }
    return nil
  }

  /// `linux-image-6.1.0-41-amd64 (= 6.1.158-1) | other`: deb-control(5).
  private static func firstChoice(_ dependency: Substring) -> String? {
    dependency.split(separator: "|").first?.split(separator: " ").first.map { APT.bare($0) }
  }

  /// Nothing for a package that is not installed.
  private static func query(_ arguments: [String], _ database: String) async throws(AgentError) -> [String] {
    let result = try await Command.run("dpkg-query", ["--admindir=\(database)"] + arguments)
    guard result.status <= 1 else {
      throw AgentError(
        .commandFailed, "dpkg-query failed", cause: result.lastLines,
        next: "Remove /var/cache/cluster/layers on this head, then run `cluster apply` again.")
    }
    return result.text.split(separator: "\n").map(String.init)
  }
}
