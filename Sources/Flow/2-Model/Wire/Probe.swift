// SPDX-License-Identifier: Apache-2.0

/// A question that an agent can answer about its host, with the type of its answer.
///
/// Each probe is one type in the folder of a wing, with everything that is said of it in one place. Answering never
/// changes the host. `ProbeCatalog` lists them all: each one is simulated and fuzzed.
package protocol Probe: Hashable, Codable, Sendable {
  associatedtype Answer: Hashable & Codable & Sendable

  /// The probe's name on the wire. An agent's hello lists those that it can answer.
  static var name: String { get }
  /// The question in words: `file /etc/hosts`.
  var words: String { get }
  /// The secrets whose bytes travel beside it.
  var secrets: ProbeSecrets { get }
  /// Lines of an answer for the record of a run. Times and counters are left out: they differ in every run.
  func recorded(_ answer: Answer, _ nodes: NodeNames) -> [ObservedLines]
  /// Facts of an answer for a reader who asks why a step is planned, one a line.
  func explained(_ answer: Answer, _ nodes: NodeNames) -> [String]
}

extension Probe {
  /// The probe with an answer to it, for an inventory.
  package func answered(_ answer: Answer) -> (AnyProbe, AnyAnswer) { (AnyProbe(self), AnyAnswer(Self.self, answer)) }

  /// The probe with the reason why there is no answer.
  package func failed(_ error: AgentError) -> (AnyProbe, AnyAnswer) { (AnyProbe(self), .failed(error)) }

  fileprivate func equals(_ other: any Probe) -> Bool { (other as? Self) == self }
}

/// The secrets that a probe needs.
package enum ProbeSecrets: Sendable {
  case none
  case needs([SecretRef])
  /// A comparison with secrets. While one that we generate does not exist yet, another probe tells all there is to
  /// know: looking must not make it.
  case compares([SecretRef], without: SubstituteProbe)

  package var refs: [SecretRef] {
    switch self {
    case .none: []
    case .needs(let refs): refs
    case .compares(let refs, _): refs
    }
  }
}

/// A probe that is asked in the place of another one, and what its answer means for that one.
package struct SubstituteProbe: Sendable {
  package let probe: AnyProbe
  package let meaning: @Sendable (AnyAnswer) -> AnyAnswer

  package init<Substitute: Probe, Original: Probe>(
    _ probe: Substitute, for original: Original.Type,
    _ meaning: @escaping @Sendable (Substitute.Answer) -> Original.Answer
  ) {
    self.probe = AnyProbe(probe)
    self.meaning = { answer in
      do throws(AgentError) { return AnyAnswer(original, meaning(try answer.value(of: Substitute.self))) } catch {
        return .failed(error)
      }
    }
  }
}

/// Lines of one text file of the record: `links.txt` of a host.
package struct ObservedLines: Hashable, Sendable {
  /// The file's name without its extension.
  package var file: String
  package var lines: [String]

  package init(_ file: String, _ lines: [String]) {
    self.file = file
    self.lines = lines
  }
}

/// The nodes' names by what they are heard by.
package struct NodeNames: Sendable {
  private var names: [MACAddress: String] = [:]

  package init(_ cluster: Cluster) {
    for node in cluster.nodes { for mac in node.nics.compactMap(\.mac) { names[mac] = node.name.name } }
  }

  package subscript(mac: MACAddress) -> String { names[mac] ?? "\(mac)" }
}

/// A probe of any type: a key of an inventory, and what travels to an agent.
package struct AnyProbe: Sendable {
  package let probe: any Probe

  package init(_ probe: some Probe) { self.probe = probe }

  package var name: String { type(of: probe).name }
  package var words: String { probe.words }
  package var secrets: ProbeSecrets { probe.secrets }
}

extension AnyProbe: Hashable {
  package static func == (a: AnyProbe, b: AnyProbe) -> Bool {
    // As with operations: a cast that fails costs more than the comparison.
    type(of: a.probe) == type(of: b.probe) && a.probe.equals(b.probe)
  }

  package func hash(into hasher: inout Hasher) {
    // Many have nothing but their type.
    hasher.combine(ObjectIdentifier(type(of: probe)))
    probe.hash(into: &hasher)
  }
}
