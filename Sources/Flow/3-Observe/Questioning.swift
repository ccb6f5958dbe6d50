// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The probes for one host with the secrets they need, and what the answers then mean.
///
/// A secret that is not in the store cannot be compared with a file. One that we generate just does not exist yet, and
/// looking must not make it: then the file is either absent or different. Any other one has to be brought first.
struct Questioning {
  let sent: [AnyProbe]
  let secrets: Secrets
  private let asked: [AnyProbe]
  /// What is known without asking.
  private var known: [AnyProbe: AnyAnswer] = [:]
  /// Probes that are asked in place of others.
  private var substitutes: [AnyProbe: SubstituteProbe] = [:]

  init(_ probes: [AnyProbe], _ store: any SecretStore) {
    var values: [SecretRef: [UInt8]] = [:]
    var sent: [AnyProbe] = []
    for probe in probes {
      do throws(AgentError) {
        let needs = probe.secrets
        for ref in needs.refs where values[ref] == nil { values[ref] = try store.value(ref) }
        if let missing = needs.refs.first(where: { values[$0] == nil }) {
          substitutes[probe] = try Self.substitute(needs, missing)
        }
        sent.append(substitutes[probe]?.probe ?? probe)
      } catch {
        known[probe] = .failed(error)
      }
    }
    asked = probes
    self.sent = sent
    secrets = Secrets(values)
  }

  private static func substitute(_ needs: ProbeSecrets, _ missing: SecretRef) throws(AgentError) -> SubstituteProbe {
    switch needs {
    case .compares(_, let substitute) where missing.isGenerated: return substitute
    case .none, .needs, .compares: throw .missing(missing)
    }
  }

  /// The answers to the probes that were to be asked. A host that leaves one out has not answered it.
  func answers(_ received: [AnyProbe: AnyAnswer]) -> [AnyProbe: AnyAnswer] {
    // The usual case, and thousands of them.
    if known.isEmpty && substitutes.isEmpty { return received }
    var answers = known
    for probe in asked where answers[probe] == nil {
      if let substitute = substitutes[probe] {
        answers[probe] = received[substitute.probe].map(substitute.meaning)
      } else {
        answers[probe] = received[probe]
      }
    }
    return answers
  }
}
