// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import HostAccess
import Lab

struct LabStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what is running in the lab.")

  @OptionGroup var options: LabOptions
  @OptionGroup var printing: OutputOptions

  func run() async throws {
    try await Failure.telling {
      let report = LabReport(try options.site())
      switch printing.output {
      case .json: Terminal.print(try Terminal.json(report))
      case .text: Terminal.print(Self.text(report))
      }
    }
  }

  static func text(_ report: LabReport) -> String {
    var rows = [["MACHINE", "POWER", "STATE", "BMC", "ADDRESSES"]]
    for machine in report.machines {
      let source = machine.state.source.map { " from \($0.rawValue)" } ?? ""
      let cut = machine.cut.isEmpty ? "" : " (cut: \(machine.cut.joined(separator: ", ")))"
      rows.append([
        machine.name.name, machine.power.rawValue, "\(machine.state.phase.rawValue)\(source)",
        machine.bmc?.description ?? "-", machine.addresses.joined(separator: ", ") + cut,
      ])
    }
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      row.enumerated().map { index, cell in
        index < 4 ? cell.padding(toLength: widths[index], withPad: " ", startingAt: 0) : cell
      }.joined(separator: "  ")
    }
    let standIns = report.standIns.map { "\nstand-in: \($0)" }.joined()
    return "lab \(report.id) of cluster \(report.cluster)\n\n" + lines.joined(separator: "\n") + standIns
  }
}
