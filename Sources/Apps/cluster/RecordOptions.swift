// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import Foundation
import Reconciler

/// Options of every command that reads the record: which site, and how to print.
struct RecordOptions: ParsableArguments {
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions

  func repository() throws -> AuditRepository {
    try AuditRepository(folder: try options.recordFolder())
  }

  func site() throws -> String { try options.site().id }

  func print(_ value: some Encodable, text: () throws -> String) throws {
    switch printing.output {
    case .json: try options.print(json: value)
    case .text: options.print(try text())
    }
  }
}

extension RunRecord {
  /// `2026-11-21T10:00:00Z`.
  var time: String { Date(timeIntervalSince1970: TimeInterval(at)).formatted(.iso8601) }
  /// `3f9c2a1d0b7e`, with `-dirty` when the description differed from that commit.
  var shortSpec: String { spec.prefix { $0 != "-" }.prefix(12) + (spec.hasSuffix("-dirty") ? "-dirty" : "") }
  /// One line: which run, how it ended, when, and who asked.
  var line: String { "\(id)  \(result)  \(time)  \(by)" }
}
