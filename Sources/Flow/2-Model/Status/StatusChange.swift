// SPDX-License-Identifier: Apache-2.0

/// Something that is otherwise than a moment ago, as two statuses tell.
package struct StatusChange: Hashable, Codable, Sendable {
  package enum Subject: String, Codable, Sendable { case head, node, address, service, condition, run }

  package var subject: Subject
  package var name: String
  /// Null: it was not there.
  package var from: String?
  /// Null: it is not there any more.
  package var to: String?
  package var detail: String?

  package init(_ subject: Subject, _ name: String, from: String?, to: String?, detail: String? = nil) {
    self.subject = subject
    self.name = name
    self.from = from
    self.to = to
    self.detail = detail
  }
}

extension StatusReport {
  /// Everything that has changed since another status, in the order in which a status tells it. How long ago something
  /// was is no change.
  package func changes(since old: StatusReport) -> [StatusChange] {
    let heads = Self.changes(
      .head, old.heads.map { ($0.name, $0.state, $0.detail) }, heads.map { ($0.name, $0.state, $0.detail) })
    let conditions = Self.changes(
      .condition, old.ha.conditions.map { ($0.name, $0.ok ? "ok" : "not ok", nil) },
      ha.conditions.map { ($0.name, $0.ok ? "ok" : "not ok", $0.ok ? nil : $0.detail) })
    let addresses = Self.changes(
      .address, old.addresses.map { ($0.address, $0.holder ?? "nobody", nil) },
      addresses.map { ($0.address, $0.holder ?? "nobody", nil) })
    let services = Self.changes(
      .service, old.services.map { ($0.name, $0.words, nil) }, services.map { ($0.name, $0.words, $0.report?.detail) })
    let nodes = Self.changes(
      .node, old.nodes.map { ($0.name, $0.progress, nil) }, nodes.map { ($0.name, $0.progress, $0.news) })
    return heads + conditions + addresses + services + nodes + runs(since: old)
  }

  private func runs(since old: StatusReport) -> [StatusChange] {
    let begun = Self.changes(
      .run, old.atWork.map { ($0, "at work", nil) }, atWork.map { ($0, "at work", nil) })
    guard let lastRun, lastRun.id != old.lastRun?.id else { return begun }
    return begun.filter { $0.name != lastRun.id || $0.to != nil }
      + [StatusChange(.run, lastRun.id, from: nil, to: lastRun.result)]
  }

  private var atWork: [String] { Set(leases.map(\.run)).sorted() }

  private static func changes(
    _ subject: StatusChange.Subject, _ old: [(String, String, String?)], _ new: [(String, String, String?)]
  ) -> [StatusChange] {
    let before = Dictionary(old.map { ($0.0, $0.1) }) { first, _ in first }
    let names = Set(new.map(\.0))
    let changed = new.compactMap { name, state, detail in
      before[name] == state ? nil : StatusChange(subject, name, from: before[name], to: state, detail: detail)
    }
    return changed + old.filter { !names.contains($0.0) }.map { StatusChange(subject, $0.0, from: $0.1, to: nil) }
  }
}

extension StatusReport.Head {
  fileprivate var state: String { online ? role.rawValue : "offline" }
}

extension StatusReport.Service {
  fileprivate var words: String {
    state + (head.map { " on \($0)" } ?? "") + (report?.ok == false ? ", not well" : "")
  }
}

extension StatusReport.Node {
  /// Its state, and of one that boots how far it is.
  fileprivate var progress: String {
    guard state == .booting else { return state.rawValue + (image.map { " on \($0)" } ?? "") }
    return "booting" + (detail.map { ": \($0)" } ?? "")
  }

  /// A node that boots has said all in its progress.
  fileprivate var news: String? { state == .booting ? nil : detail }
}
