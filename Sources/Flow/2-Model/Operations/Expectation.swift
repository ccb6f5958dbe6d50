// SPDX-License-Identifier: Apache-2.0

/// What others bring about once an operation has done its part: a machine that was switched on boots.
///
/// The executor looks for it now and then, and holds no slot meanwhile. It is observed, never remembered: the answer
/// that a run waits for tells a later run the same.
package struct Expectation: Sendable {
  /// Asked of the step's host, once for all steps that wait for an answer to it.
  package var probe: AnyProbe
  /// Judges an answer. The number is that of the seconds since the operation has done its part.
  package var judge: @Sendable (AnyAnswer, _ waited: Int) throws(AgentError) -> Standing
  /// Asked once when the wait ends in vain.
  package var diagnosis: [AnyProbe]
  /// Adds to the reason what the diagnosis found. Probes that nobody could answer are missing.
  package var explain: @Sendable (AgentError, [AnyProbe: AnyAnswer]) -> AgentError

  package init(
    _ probe: some Probe, diagnosis: [AnyProbe],
    judge: @escaping @Sendable (AnyAnswer, _ waited: Int) throws(AgentError) -> Standing,
    explain: @escaping @Sendable (AgentError, [AnyProbe: AnyAnswer]) -> AgentError
  ) {
    self.probe = AnyProbe(probe)
    self.diagnosis = diagnosis
    self.judge = judge
    self.explain = explain
  }

  /// How an expectation stands after a look.
  package enum Standing: Hashable, Sendable {
    /// It has come true. With the outcome's words.
    case met(String)
    case waiting(Wait)
    /// It will not come true any more.
    case failed(AgentError)
  }
}

/// What is waited for, since when and until when, as seen at the last look.
package struct Wait: Hashable, Sendable {
  /// The last thing seen, with its machine: `node017: it fetched its boot script`.
  package var seen: String
  /// Seconds since then.
  package var age: Int
  /// Seconds until it is given up, unless something new is seen.
  package var left: Int

  package init(seen: String, age: Int, left: Int) {
    self.seen = seen
    self.age = age
    self.left = left
  }
}
