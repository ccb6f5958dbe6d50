// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackagePlugin

/// Puts the package sets in `packages/` into the program, as Swift source that the tool of the same name writes.
@main struct EmbedSets: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let folder = context.package.directoryURL.appending(path: "packages")
    let output = context.pluginWorkDirectoryURL.appending(path: "SetFiles.swift")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
    return [
      .buildCommand(
        displayName: "Embedding the package sets", executable: try context.tool(named: "embed-sets").url,
        arguments: [folder.path, output.path], inputFiles: files.map { folder.appending(path: $0) },
        outputFiles: [output])
    ]
  }
}
