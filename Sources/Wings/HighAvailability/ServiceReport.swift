// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How a service that runs says it is, in a file of its own: `report:` of a set's service.
///
/// Lines of a key and a value. `format` is 1, `state` is `ok`, `degraded` or `off`, `detail` a sentence in ASCII, and
/// `pid`, which may be missing, the process that says so. Others are for those who know the service.
package struct ServiceReport: Hashable, Codable, Sendable {
  package enum State: String, Hashable, Codable, CaseIterable, Sendable {
    case ok
    /// It does less than is asked of it, and tries to get back.
    case degraded
    /// It does less than is asked of it until somebody acts.
    case off
  }

  package static let byteLimit = 1024
  private static let longestDetail = 160

  package var state: State
  package var detail: String
  /// The process that says so. Nil: what prepared its start did.
  package var process: Int32?

  package init(state: State, detail: String, process: Int32? = nil) {
    self.state = state
    self.detail = detail
    self.process = process
  }

  /// Reads the file's bytes. Nil: they are no such report.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count <= Self.byteLimit, let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n")
    else { return nil }
    var values: [Substring: Substring] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, values.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
    }
    guard values["format"] == "1", let state = values["state"].flatMap({ State(rawValue: String($0)) }),
      let detail = values["detail"], Self.isShowable(detail)
    else { return nil }
    let process = values["pid"].map { Int32($0) }
    if case .some(let number) = process, number ?? 0 < 1 { return nil }
    self.init(state: state, detail: String(detail), process: process ?? nil)
  }

  /// The file that says so.
  package var text: String {
    "format 1\nstate \(state.rawValue)\ndetail \(detail)\n" + (process.map { "pid \($0)\n" } ?? "")
  }

  /// It came over the wire, from a head that may be anybody's.
  package var isSound: Bool { Self.isShowable(detail[...]) }

  private static func isShowable(_ detail: Substring) -> Bool {
    (1...longestDetail).contains(detail.utf8.count) && detail.utf8.allSatisfy { (32..<127).contains($0) }
  }
}

/// A report, and whether who gave it still runs.
package struct ServiceReportState: Hashable, Codable, Sendable {
  package var report: ServiceReport
  package var isCurrent: Bool

  package init(_ report: ServiceReport, isCurrent: Bool) {
    self.report = report
    self.isCurrent = isCurrent
  }
}

/// The report of a service on one head. Nil: there is none.
package struct ServiceReportProbe: Probe {
  package typealias Answer = ServiceReportState?

  package static let name = "serviceReport"

  package let path: String
  package init(_ path: String) { self.path = path }

  package var words: String { "report in \(path)" }
  package var secrets: ProbeSecrets { .none }

  /// Its detail has figures: every run would differ from the last one.
  package func recorded(_ state: ServiceReportState?, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("services", explained(state, nodes))]
  }

  package func explained(_ state: ServiceReportState?, _ nodes: NodeNames) -> [String] {
    ["\(path) \(state.map { $0.isCurrent ? $0.report.state.rawValue : "of one that has ended" } ?? "absent")"]
  }
}

extension AgentError {
  /// The file is there, and cannot be taken for a report.
  package static func noReport(_ path: String) -> AgentError {
    AgentError(.invalid, "\(path) is no report of a service", next: "Restart the service: it writes the file anew.")
  }
}

extension HighAvailabilityStatus {
  /// Reports of services that give one, where they run.
  static func reports(_ cluster: Cluster) -> [(service: String, path: String)] {
    WingCatalog.services(of: cluster).compactMap { service in service.report.map { (service.name, $0) } }
  }

  /// The report of a service that runs on `head`, for a reader.
  static func report(_ path: String, on head: HostID, _ answers: Answers) -> StatusReport.Condition {
    func condition(_ ok: Bool, _ detail: String) -> StatusReport.Condition {
      .init(name: "report", ok: ok, detail: detail)
    }
    do throws(Unreadable) {
      guard let state = try answers.answer(head, ServiceReportProbe(path)) ?? nil else {
        return condition(false, "it does not say how it is: there is no \(path)")
      }
      guard state.isCurrent, state.report.isSound else {
        return condition(false, "it does not say how it is: \(path) is of one that has ended")
      }
      return condition(state.report.state == .ok, state.report.detail)
    } catch {
      switch error {
      case .unreachable(_, let error), .failed(_, let error): return condition(false, "not known how it is: \(error)")
      case .unasked: return condition(false, "not known how it is")
      }
    }
  }
}
