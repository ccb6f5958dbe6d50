// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

extension PacemakerConfigurationKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.members.flatMap { [Question($0, .cib), Question($0, .crmMon)] }
  }

  /// The CIB is the same on every head that runs Pacemaker. It is absent only when no head can have one.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var found: (heads: [HostID], cib: String)?
    var unknown: Unreadable?
    for member in desired.members {
      do throws(Unreadable) {
        guard let text = try answers.cib(member) else { continue }
        found = ((found?.heads ?? []) + [member], found?.cib ?? text)
      } catch {
        unknown = unknown ?? error
      }
    }
    guard let found else {
      if let unknown { throw unknown }
      return nil
    }
    let cib = try reading(found.heads[0], "the CIB") { () throws(XMLError) in try CIBDocument(parsing: found.cib) }
    return Actual(heads: found.heads, cib: cib, failed: try failed(found.heads[0], desired, answers))
  }

  /// Resources that Pacemaker has given up on: stopped, with a failure, and not because somebody asked for it.
  private static func failed(
    _ head: HostID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> [String] {
    guard let text = try answers.crmMon(head) else { return [] }
    let status = try reading(head, "Pacemaker's status") { () throws(XMLError) in try ClusterStatus(parsing: text) }
    let ours = Set(desired.elements.filter { $0.section == .resources }.map(\.id))
    return status.resources.filter { ours.contains($0.id) && status.hasGivenUp(on: $0) }.map(\.id)
  }

  private static func reading<Value>(
    _ head: HostID, _ what: String, _ read: () throws(XMLError) -> Value
  ) throws(Unreadable) -> Value {
    do throws(XMLError) {
      return try read()
    } catch {
      throw .failed(
        head,
        AgentError(
          .invalid, "\(what) of \(head) cannot be read", cause: error.description,
          next: "Look at `cibadmin --query` and `crm_mon --one-shot --output-as=xml` on \(head)."))
    }
  }
}

extension Answers {
  /// Nil also when the host does not exist yet.
  fileprivate func cib(_ host: HostID) throws(Unreadable) -> String? {
    switch try answer(host, .cib) {
    case .cib(let text): text
    case nil: nil
    default: throw .unasked(host)
    }
  }

  fileprivate func crmMon(_ host: HostID) throws(Unreadable) -> String? {
    switch try answer(host, .crmMon) {
    case .crmMon(let text): text
    case nil: nil
    default: throw .unasked(host)
    }
  }
}
