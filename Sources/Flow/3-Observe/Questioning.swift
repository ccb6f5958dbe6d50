// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The probes for one host with the secrets they need, and what the answers then mean.
///
/// A secret that is not in the store cannot be compared with a file. One that we generate just does not exist yet, and
/// looking must not make it: then the file is either absent or different. Any other one has to be brought first.
struct Questioning {
  let sent: [Probe]
  let secrets: Secrets
  private let asked: [Probe]
  /// What is known without asking.
  private var known: [Probe: Answer] = [:]
  /// Probes that were asked in place of others.
  private var substitutes: [Probe: Probe] = [:]

  init(_ probes: [Probe], _ store: any SecretStore) {
    var values: [SecretRef: [UInt8]] = [:]
    var sent: [Probe] = []
    for probe in probes {
      do throws(AgentError) {
        for ref in probe.secrets where values[ref] == nil { values[ref] = try store.value(ref) }
        if let missing = probe.secrets.first(where: { values[$0] == nil }) {
          guard missing.isGenerated, case .secretFile(let path, _) = probe else { throw .missing(missing) }
          substitutes[probe] = .file(path: path, contents: false)
        }
        sent.append(substitutes[probe] ?? probe)
      } catch {
        known[probe] = .failed(error)
      }
    }
    asked = probes
    self.sent = sent
    secrets = Secrets(values)
  }

  /// The answers to the probes that were to be asked. A host that leaves one out has not answered it.
  func answers(_ received: [Probe: Answer]) -> [Probe: Answer] {
    // The usual case, and thousands of them.
    if known.isEmpty && substitutes.isEmpty { return received }
    var answers = known
    for probe in asked where answers[probe] == nil {
      if let substitute = substitutes[probe] {
        answers[probe] = received[substitute].map(compared)
      } else {
        answers[probe] = received[probe]
      }
    }
    return answers
  }

  private func compared(_ answer: Answer) -> Answer {
    switch answer {
    case .file(.absent): .secretFile(.absent)
    case .file: .secretFile(.differs)
    default: answer
    }
  }
}
