// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

extension PacemakerConfigurationKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.members.flatMap { [Question($0, CIBProbe()), Question($0, CrmMonProbe())] }
  }

  /// The CIB is the same on every head that runs Pacemaker. It is absent only when no head can have one.
  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var found: (heads: [HostID], text: String, cib: CIBDocument)?
    var unknown: Unreadable?
    for member in desired.members {
      do throws(Unreadable) {
        guard let text = try answers.answer(member, CIBProbe()) ?? nil else { continue }
        // The same text from each of them, as a rule: it is read once.
        let cib = text == found?.text ? nil : try answers.parsed(text, of: member)
        if let first = found {
          found?.heads = first.heads + [member]
        } else if let cib {
          found = ([member], text, cib)
        }
      } catch {
        unknown = unknown ?? error
      }
    }
    guard let found else {
      if let unknown { throw unknown }
      return nil
    }
    return Actual(heads: found.heads, cib: found.cib, failed: try failed(found.heads[0], desired, answers))
  }

  /// Resources that Pacemaker has given up on: stopped, with a failure, and not because somebody asked for it.
  private static func failed(
    _ head: HostID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> [String] {
    guard let status = try answers.clusterStatus(head) else { return [] }
    let ours = Set(desired.elements.filter { $0.section == .resources }.map(\.id))
    return status.resources.filter { ours.contains($0.id) && status.hasGivenUp(on: $0) }.map(\.id)
  }
}

extension Answers {
  /// The CIB of a host; nil when Pacemaker does not run there, also because the host does not exist yet.
  func parsedCIB(_ host: HostID) throws(Unreadable) -> CIBDocument? {
    guard let text = try answer(host, CIBProbe()) ?? nil else { return nil }
    return try parsed(text, of: host)
  }

  fileprivate func parsed(_ cib: String, of host: HostID) throws(Unreadable) -> CIBDocument {
    try reading(host, "the CIB") { () throws(XMLError) in try CIBDocument(parsing: cib) }
  }

  /// The status of a host; nil when Pacemaker does not run there, also because the host does not exist yet.
  func clusterStatus(_ host: HostID) throws(Unreadable) -> ClusterStatus? {
    guard let text = try answer(host, CrmMonProbe()) ?? nil else { return nil }
    return try reading(host, "Pacemaker's status") { () throws(XMLError) in try ClusterStatus(parsing: text) }
  }

  private func reading<Value>(
    _ head: HostID, _ what: String, _ read: () throws(XMLError) -> Value
  ) throws(Unreadable) -> Value {
    do throws(XMLError) {
      return try read()
    } catch {
      throw .failed(
        head,
        AgentError(
          .invalid, "\(what) of \(head) cannot be read", cause: error.description,
          next: "Check `cibadmin --query` and `crm_mon --one-shot --output-as=xml` on \(head)."))
    }
  }
}
