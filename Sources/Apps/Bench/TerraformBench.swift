// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The same amount of work for the tool that users may know.
enum TerraformBench {
  /// The median time of `terraform plan` of so many resources of its own. Nil where it is not installed.
  static func plan(resources: Int) async throws -> Duration? {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cluster-bench-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // terraform_data is built in: no provider has to be fetched.
    let text = "resource \"terraform_data\" \"node\" {\n  count = \(resources)\n  input = \"node${count.index}\"\n}\n"
    try text.write(to: folder.appending(path: "main.tf"), atomically: true, encoding: .utf8)
    do {
      _ = try await terraform(["init", "-input=false"], in: folder)
    } catch let error as AgentError where error.code == .notFound {
      return nil
    }
    let (output, time) = try await Measuring.median {
      try await terraform(["plan", "-input=false", "-no-color"], in: folder)
    }
    guard output.contains("\(resources) to add") else { throw Unexpected(what: "terraform planned something else") }
    return time
  }

  private static func terraform(_ words: [String], in folder: URL) async throws -> String {
    try await Command.checked(
      "terraform", ["-chdir=\(folder.path)"] + words, deadline: .seconds(600), next: "Try it manually in a folder."
    ).text
  }
}
