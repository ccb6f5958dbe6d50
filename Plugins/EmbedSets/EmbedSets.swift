// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackagePlugin

/// Puts the package sets in `packages/`, and the gate of `slurm`, into the program, as Swift source that the tool of
/// the same name writes.
@main struct EmbedSets: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let top = context.package.directoryURL
    let folder = top.appending(path: "packages")
    let gate = ["gate.c", "ending.c", "ending.h"].map { top.appending(path: "Sources/CommitGate/\($0)") }
    let output = context.pluginWorkDirectoryURL.appending(path: "SetFiles.swift")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
    return [
      .buildCommand(
        displayName: "Embedding the package sets", executable: try context.tool(named: "embed-sets").url,
        arguments: [folder.path, output.path, try context.tool(named: "clang").url.path]
          + gate.filter { $0.pathExtension == "c" }.map(\.path),
        inputFiles: files.map { folder.appending(path: $0) } + gate, outputFiles: [output])
    ]
  }
}
