// SPDX-License-Identifier: Apache-2.0

/// The answer to a probe of any type, or why there is none. Unknown is not absent.
package enum AnyAnswer: Hashable, Sendable {
  case answered(Value)
  /// The host could not tell.
  case failed(AgentError)

  /// An answer together with the type of the probe that it answers.
  package struct Value: Sendable {
    let probe: any Probe.Type
    let answer: any Hashable & Codable & Sendable

    package var name: String { probe.name }
  }

  package init<P: Probe>(_ probe: P.Type, _ answer: P.Answer) {
    self = .answered(Value(probe: probe, answer: answer))
  }

  /// The answer to a probe of this type. Throws the host's reason where it has none; and where it answers another
  /// probe, that: an agent that mixes up answers must not pass for one that found nothing.
  package func value<P: Probe>(of probe: P.Type) throws(AgentError) -> P.Answer {
    switch self {
    case .failed(let error): throw error
    case .answered(let value):
      guard value.probe == probe, let answer = value.answer as? P.Answer else {
        throw AgentError(
          .protocolMismatch, "The agent answered the probe \(probe.name) with what is an answer to \(value.name)",
          next: "Report this as a bug.")
      }
      return answer
    }
  }
}

extension AnyAnswer.Value: Hashable {
  package static func == (a: Self, b: Self) -> Bool {
    func equals<Answer: Equatable>(_ answer: Answer) -> Bool { (b.answer as? Answer) == answer }
    return a.probe == b.probe && equals(a.answer)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(probe))
    answer.hash(into: &hasher)
  }
}

extension AnyProbe {
  /// Lines of an answer for the record. Where it answers another probe, that is what is kept.
  package func recorded(_ answer: AnyAnswer, _ nodes: NodeNames) -> [ObservedLines] {
    func recorded<P: Probe>(_ probe: P) -> [ObservedLines] {
      do throws(AgentError) { return probe.recorded(try answer.value(of: P.self), nodes) } catch {
        return [ObservedLines("unknown", ["\(probe.words): \(error)"])]
      }
    }
    return recorded(probe)
  }

  /// Facts of an answer for a reader.
  package func explained(_ answer: AnyAnswer, _ nodes: NodeNames) -> [String] {
    func explained<P: Probe>(_ probe: P) -> [String] {
      do throws(AgentError) { return probe.explained(try answer.value(of: P.self), nodes) } catch {
        return ["it could not answer: \(error)"]
      }
    }
    return explained(probe)
  }
}
