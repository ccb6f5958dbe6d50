// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Diagnostics
import Reconciler
import SpecReading
import Wings

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check cluster.yaml without contacting any machine.",
    discussion: """
      The exit status is 0 when it is valid, with or without warnings, and 1 when it is not. With --fix, what certainly
      mends a mistake is written into it, and no other byte is touched.
      """)

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  @Flag(help: "Write the fixes that are certain into the description.")
  var fix = false

  private struct Report: Encodable {
    var valid: Bool
    var diagnostics: [Diagnostic]
  }

  func run() async throws {
    try await Failure.telling {
      if fix { try writeFixes() }
      let specification: Specification
      do { specification = try Specification.load(options.location) } catch {
        throw Failure("\(error)", next: "Give the description with --file, or change to its folder.")
      }
      switch printing.output {
      case .json:
        Terminal.print(
          try Terminal.json(Report(valid: specification.cluster != nil, diagnostics: specification.diagnostics)))
      case .text:
        options.tell(specification)
        if let cluster = specification.cluster {
          let counts = [("head", cluster.heads.count), ("image", cluster.images.count), ("node", cluster.nodes.count)]
            .map { "\($1) \($0)\($1 == 1 ? "" : "s")" }
          Terminal.print("\(options.file) is valid: \(counts.joined(separator: ", ")).")
        }
      }
      if specification.cluster == nil { throw ExitCode.failure }
    }
  }

  /// Its messages go where problems go, so that JSON stays JSON.
  private func writeFixes() throws {
    let before: Specification
    do { before = try Specification.load(options.location) } catch {
      throw Failure("\(error)", next: "Give the description with --file, or change to its folder.")
    }
    let (bytes, written) = CertainFixes.write(
      into: before.bytes, file: options.location.lastPathComponent, keys: WingCatalog.keys,
      tables: before.files.texts)
    if written.isEmpty { return Terminal.note("Nothing to fix that is certain.") }
    try options.write(bytes)
    for fix in written { Terminal.note("\(fix.span): \(fix.label)") }
  }
}
