// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import Execution
import Foundation

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check the whole record: its chain, the contents of each commit, signatures and missing runs.",
    discussion: "The exit status is 0 when everything was checked and nothing is wrong, otherwise 1.")

  @OptionGroup var record: RecordOptions

  func run() async throws {
    let verification = try await Failure.telling {
      let site = try record.options.site()
      let verification = try await record.repository().verify(
        journal: try await Self.ended(site.journal), site: site.id)
      try record.print(verification) { Self.text(verification) }
      return verification
    }
    if !verification.isGood { throw ExitStatus.error.code }
  }

  /// A machine that has never applied anything has no journal, and is not given one.
  private static func ended(_ journal: URL) async throws -> [EndedRun] {
    guard FileManager.default.fileExists(atPath: journal.path) else { return [] }
    do {
      return try await Journal(path: journal.path).ended().map { EndedRun(id: $0.id, result: $0.result) }
    } catch {
      throw Failure("\(error)", next: error.next)
    }
  }

  static func text(_ verification: Verification) -> String {
    let signatures =
      switch verification.signatures {
      case .none: "none is signed"
      case .signed(let count, good: let good): "\(count) are signed, \(good) of them well"
      case .unchecked(let count): "\(count) are signed, which could not be checked"
      }
    var lines = ["\(verification.runs) runs in \(verification.commits) commits; \(signatures)."]
    for finding in verification.findings {
      lines += [
        "\(finding.commit.map { String($0.prefix(12)) } ?? "missing"): \(finding.what)", "  next: \(finding.next)",
      ]
    }
    if verification.isGood { lines.append("Every commit holds what it says, and no run that is known of is missing.") }
    return lines.joined(separator: "\n")
  }
}
